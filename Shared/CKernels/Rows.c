// SPDX-License-Identifier: MIT
// Norms and rotary embedding, a row at a time: the three levels of Rows.inc and their dispatch.
#include "Levels.h"

#define FAMILY "Rows.inc"
#include "EveryLevel.inc"

void kernel_layer_norm(const float *x, const float *gain, const float *bias, float eps, float *y, float *mean,
                       float *rstd, size_t rows, size_t n) {
  PICK(layer_norm, x, gain, bias, eps, y, mean, rstd, rows, n)
}
void kernel_layer_norm_backward(const float *x, const float *gain, const float *mean, const float *rstd, const float *dy,
                                float *dx, float *dgain, float *dbias, size_t rows, size_t n) {
  PICK(layer_norm_backward, x, gain, mean, rstd, dy, dx, dgain, dbias, rows, n)
}
void kernel_rms_norm(const float *x, const float *gain, float eps, float *y, float *rstd, size_t rows, size_t n) {
  PICK(rms_norm, x, gain, eps, y, rstd, rows, n)
}
void kernel_rms_norm_backward(const float *x, const float *gain, const float *rstd, const float *dy, float *dx,
                              float *dgain, size_t rows, size_t n) {
  PICK(rms_norm_backward, x, gain, rstd, dy, dx, dgain, rows, n)
}
void kernel_rotary(float *x, const float *c, const float *s, int direction, size_t rows, size_t heads, size_t half) {
  PICK(rotary, x, c, s, direction, rows, heads, half)
}
