// SPDX-License-Identifier: MIT
// Softmax of attention scores and of logits: the three levels of Softmax.inc and their dispatch.
#include "Levels.h"

#define FAMILY "Softmax.inc"
#include "EveryLevel.inc"

void kernel_softmax_visible(float *scores, size_t ld, const int32_t *visible, float *lse, size_t rows, size_t n) {
  PICK(softmax_visible, scores, ld, visible, lse, rows, n)
}
void kernel_softmax_from_lse(float *scores, size_t ld, const int32_t *visible, const float *lse, size_t rows, size_t n) {
  PICK(softmax_from_lse, scores, ld, visible, lse, rows, n)
}
void kernel_softmax_backward(const float *p, float *dp, size_t ld, const float *delta, float scale, size_t rows, size_t n) {
  PICK(softmax_backward, p, dp, ld, delta, scale, rows, n)
}
void kernel_row_dots(const float *a, size_t lda, const float *b, size_t ldb, float *y, size_t ldy, size_t rows, size_t n) {
  PICK(row_dots, a, lda, b, ldb, y, ldy, rows, n)
}
void kernel_max_and_sum_exp(const float *x, float *max, float *sum, size_t rows, size_t n) {
  PICK(max_and_sum_exp, x, max, sum, rows, n)
}
void kernel_log_softmax_backward(float *x, const float *lse, const float *g, size_t rows, size_t n) {
  PICK(log_softmax_backward, x, lse, g, rows, n)
}
