// SPDX-License-Identifier: MIT
// Softmax regression: the three levels of Regression.inc and their dispatch.
#include "Levels.h"

#define FAMILY "Regression.inc"
#include "EveryLevel.inc"

double kernel_dot(const float *x, const float *y, size_t n) { PICK(dot, x, y, n) }
void kernel_softmax_line(const float *z, const float *dz, float t, const int32_t *target, double slopes[2], size_t rows,
                         size_t n) {
  PICK(softmax_line, z, dz, t, target, slopes, rows, n)
}
double kernel_softmax_residual(const float *z, const int32_t *target, float *residual, float *spread, size_t rows,
                               size_t n) {
  PICK(softmax_residual, z, target, residual, spread, rows, n)
}
