// SPDX-License-Identifier: MIT
// Elementwise kernels and activations: the three levels of Elementwise.inc and their dispatch.
#include "Levels.h"

#define FAMILY "Elementwise.inc"
#include "EveryLevel.inc"

void kernel_add(const float *a, const float *b, float *y, size_t n) { PICK(add, a, b, y, n) }
void kernel_axpy(float a, const float *x, float *y, size_t n) { PICK(axpy, a, x, y, n) }
void kernel_scale(float a, float *y, size_t n) { PICK(scale, a, y, n) }
void kernel_column_sums_add(const float *dy, float *db, size_t rows, size_t n) { PICK(column_sums_add, dy, db, rows, n) }
double kernel_sum_of_squares(const float *x, size_t n) { PICK(sum_of_squares, x, n) }
float kernel_max_abs(const float *x, size_t n) { PICK(max_abs, x, n) }
bool kernel_all_finite(const float *x, size_t n) { PICK(all_finite, x, n) }
void kernel_exp(const float *x, float *y, size_t n) { PICK(vector_exp, x, y, n) }
void kernel_gelu(int kind, const float *x, float *y, size_t n) { PICK(gelu, kind, x, y, n) }
void kernel_gelu_backward(int kind, const float *x, const float *dy, float *dx, size_t n) {
  PICK(gelu_backward, kind, x, dy, dx, n)
}
void kernel_swiglu(const float *gate, const float *up, float *y, size_t n) { PICK(swiglu, gate, up, y, n) }
void kernel_swiglu_backward(const float *gate, const float *up, const float *dy, float *dgate, float *dup, size_t n) {
  PICK(swiglu_backward, gate, up, dy, dgate, dup, n)
}

void kernel_fill_rows(const float *bias, float *y, size_t rows, size_t n) {
  for (size_t r = 0; r < rows; r++) memcpy(y + r * n, bias, n * sizeof(float));
}
