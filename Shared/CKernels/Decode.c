// SPDX-License-Identifier: MIT
// What decoding computes, a few rows at a time: the three levels of Decode.inc and their dispatch.
#include "Levels.h"

#define LANES_plain 4
#define LANES_avx2 8
#define LANES_avx512 16
#define FAMILY "Decode.inc"
#include "EveryLevel.inc"

void kernel_rows_times_bf16(const float *x, const uint16_t *w, const float *bias, float *y, size_t ldy, size_t rows,
                            size_t outputs, size_t n) {
  PICK(rows_times_bf16, x, w, bias, y, ldy, rows, outputs, n)
}
void kernel_rows_times_f16(const float *x, const uint16_t *w, const float *bias, float *y, size_t ldy, size_t rows,
                           size_t outputs, size_t n) {
  PICK(rows_times_f16, x, w, bias, y, ldy, rows, outputs, n)
}
void kernel_rows_times_f32(const float *x, const float *w, const float *bias, float *y, size_t ldy, size_t rows,
                           size_t outputs, size_t n) {
  PICK(rows_times_f32, x, w, bias, y, ldy, rows, outputs, n)
}
void kernel_attend(const float *q, float *out, size_t group, size_t d, const float *const *keys,
                   const float *const *values, const size_t *counts, size_t runs, size_t ld, float scale, float *scores) {
  PICK(attend, q, out, group, d, keys, values, counts, runs, ld, scale, scores)
}
