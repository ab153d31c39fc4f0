// SPDX-License-Identifier: MIT
// Conversions between dtypes: the three levels of Convert.inc and their dispatch.
#include "Levels.h"

#define FAMILY "Convert.inc"
#include "EveryLevel.inc"

void kernel_bf16_to_f32(const uint16_t *x, float *y, size_t n) { PICK(bf16_to_f32, x, y, n) }
void kernel_f16_to_f32(const uint16_t *x, float *y, size_t n) { PICK(f16_to_f32, x, y, n) }
void kernel_f64_to_f32(const double *x, float *y, size_t n) { PICK(f64_to_f32, x, y, n) }
void kernel_f32_to_bf16(const float *x, uint16_t *y, size_t n) { PICK(f32_to_bf16, x, y, n) }
void kernel_f32_to_f16(const float *x, uint16_t *y, size_t n) { PICK(f32_to_f16, x, y, n) }
void kernel_normalize_patches(const uint8_t *x, float *y, size_t patches, size_t k, const float *mean, const float *std) {
  PICK(normalize_patches, x, y, patches, k, mean, std)
}
