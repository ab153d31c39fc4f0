// SPDX-License-Identifier: MIT
// Separable resampling in 22-bit fixed point, byte for byte Pillow's: weights are computed in double, rounded half away
// from zero; each pass adds half a unit, shifts and clamps.  The plain loops are the reference; the AVX2 ones
// split a weight into high·2048 + low, so that 16-bit multiply-adds give the same 32-bit sum exactly.
#include "CImageCodecs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#pragma STDC FP_CONTRACT OFF  // a fused multiply-add would move a weight by one unit

enum { PRECISION = 32 - 8 - 2, HALF = 1 << (PRECISION - 1), SPLIT = 11 };

// ---- filters, on their support [-s, s] ----

static double box(double x) { return x > -0.5 && x <= 0.5 ? 1.0 : 0.0; }

static double bilinear(double x) {
  x = fabs(x);
  return x < 1.0 ? 1.0 - x : 0.0;
}

static double hamming(double x) {
  x = fabs(x);
  if (x == 0.0) return 1.0;
  if (x >= 1.0) return 0.0;
  x = x * M_PI;
  return sin(x) / x * (0.54 + 0.46 * cos(x));
}

static double bicubic(double x) {  // Keys' kernel with a = -1/2
  const double a = -0.5;
  x = fabs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
  return 0.0;
}

static double sinc(double x) {
  if (x == 0.0) return 1.0;
  x = x * M_PI;
  return sin(x) / x;
}
static double lanczos(double x) { return -3.0 <= x && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0; }

static const struct {
  double (*weight)(double);
  double support;
} filters[] = {
    [RESAMPLE_LANCZOS] = {lanczos, 3.0}, [RESAMPLE_BILINEAR] = {bilinear, 1.0}, [RESAMPLE_BICUBIC] = {bicubic, 2.0},
    [RESAMPLE_BOX] = {box, 0.5},         [RESAMPLE_HAMMING] = {hamming, 1.0},
};

// ---- weights of one axis ----

/// Output position i is the sum over k < taps[i] of weight[i·stride + k] · input[first[i] + k].
typedef struct {
  int64_t count, stride;
  int64_t *first, *taps;
  int32_t *weight;
} axis;

static void free_axis(axis *a) {
  free(a->first);
  free(a->taps);
  free(a->weight);
}

static int make_axis(axis *a, int64_t size, int64_t out_size, int32_t filter) {
  const double scale = (double)size / (double)out_size, stretch = scale < 1.0 ? 1.0 : scale;
  const double support = filters[filter].support * stretch, unit = 1.0 / stretch;
  a->count = out_size;
  a->stride = (int64_t)ceil(support) * 2 + 1;
  a->first = calloc((size_t)out_size, sizeof *a->first);
  a->taps = calloc((size_t)out_size, sizeof *a->taps);
  a->weight = calloc((size_t)(out_size * a->stride), sizeof *a->weight);
  double *w = calloc((size_t)a->stride, sizeof *w);
  if (!a->first || !a->taps || !a->weight || !w) {
    free(w);
    return 0;
  }
  for (int64_t i = 0; i < out_size; i++) {
    const double center = ((double)i + 0.5) * scale;
    int64_t first = (int64_t)(center - support + 0.5), end = (int64_t)(center + support + 0.5);
    if (first < 0) first = 0;
    if (end > size) end = size;
    double sum = 0.0;
    for (int64_t k = 0; k < end - first; k++) {
      w[k] = filters[filter].weight(((double)(k + first) - center + 0.5) * unit);
      sum += w[k];
    }
    for (int64_t k = 0; k < end - first; k++) {
      const double v = sum != 0.0 ? w[k] / sum : w[k];
      a->weight[i * a->stride + k] = (int32_t)((v < 0 ? -0.5 : 0.5) + v * (1 << PRECISION));
    }
    a->first[i] = first;
    a->taps[i] = end - first;
  }
  free(w);
  return 1;
}

static inline uint8_t clamp(int32_t sum) {
  const int32_t v = sum >> PRECISION;
  return v < 0 ? 0 : v > 255 ? 255 : (uint8_t)v;
}

// ---- horizontal pass ----

/// in [rows, width, 3] -> out [rows, across->count, 3]
static void across_plain(const uint8_t *in, int64_t width, int64_t rows, const axis *across, uint8_t *out) {
  for (int64_t y = 0; y < rows; y++, in += width * 3)
    for (int64_t x = 0; x < across->count; x++, out += 3) {
      const int32_t *weight = across->weight + x * across->stride;
      const uint8_t *p = in + across->first[x] * 3;
      int32_t r = HALF, g = HALF, b = HALF;
      for (int64_t k = 0; k < across->taps[x]; k++, p += 3) {
        r += p[0] * weight[k];
        g += p[1] * weight[k];
        b += p[2] * weight[k];
      }
      out[0] = clamp(r);
      out[1] = clamp(g);
      out[2] = clamp(b);
    }
}

#if defined(__x86_64__)
/// Four taps of two rows at a time.  Returns 0 without memory, or where the low halves of the weights could overflow.
__attribute__((target("avx2"))) static int across_avx2(
    const uint8_t *in, int64_t width, int64_t rows, const axis *across, uint8_t *out) {
  const int64_t quads = (across->stride + 3) / 4, row_bytes = width * 3, padded = row_bytes + 64;
  if (quads > 512) return 0;
  // packed[(x·quads + q)·4 ...]: high and low halves of taps 4q, 4q+1, then of 4q+2, 4q+3, two 16-bit values each.
  int32_t *packed = calloc((size_t)(across->count * quads * 4), sizeof *packed);
  uint8_t *scratch = calloc((size_t)(2 * padded + 16 * quads), 1);
  if (!packed || !scratch) {
    free(packed);
    free(scratch);
    return 0;
  }
  for (int64_t x = 0; x < across->count; x++)
    for (int64_t k = 0; k < across->taps[x]; k++) {
      const int32_t weight = across->weight[x * across->stride + k];
      int32_t *pair = packed + (x * quads + k / 4) * 4 + (k % 4) / 2 * 2;
      pair[0] |= (int32_t)((uint32_t)(uint16_t)(weight >> SPLIT) << (k % 2 * 16));
      pair[1] |= (int32_t)((uint32_t)(weight & ((1 << SPLIT) - 1)) << (k % 2 * 16));
    }
  const __m256i first_pair = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1));
  const __m256i second_pair = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1));
  const __m256i half = _mm256_set1_epi32(HALF);
  const int64_t out_bytes = across->count * 3;
  for (int64_t y = 0; y < rows; y += 2) {
    const int two = y + 1 < rows;
    uint8_t *const top = scratch, *const bottom = scratch + padded;
    memcpy(top, in + y * row_bytes, (size_t)row_bytes);
    if (two) memcpy(bottom, in + (y + 1) * row_bytes, (size_t)row_bytes);
    uint8_t *to_top = out + y * out_bytes, *to_bottom = to_top + out_bytes;
    const int32_t *weight = packed;
    for (int64_t x = 0; x < across->count; x++) {
      const int64_t start = across->first[x] * 3, used = (across->taps[x] + 3) / 4;
      __m256i high = _mm256_setzero_si256(), low = half;
      const int32_t *w = weight;
      for (int64_t q = 0; q < used; q++, w += 4) {
        const __m256i pixels = _mm256_inserti128_si256(
            _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(top + start + 12 * q))),
            _mm_loadu_si128((const __m128i *)(bottom + start + 12 * q)), 1);
        const __m256i a = _mm256_shuffle_epi8(pixels, first_pair), b = _mm256_shuffle_epi8(pixels, second_pair);
        high = _mm256_add_epi32(high, _mm256_madd_epi16(a, _mm256_set1_epi32(w[0])));
        low = _mm256_add_epi32(low, _mm256_madd_epi16(a, _mm256_set1_epi32(w[1])));
        high = _mm256_add_epi32(high, _mm256_madd_epi16(b, _mm256_set1_epi32(w[2])));
        low = _mm256_add_epi32(low, _mm256_madd_epi16(b, _mm256_set1_epi32(w[3])));
      }
      weight += quads * 4;
      __m256i sum = _mm256_srai_epi32(_mm256_add_epi32(_mm256_slli_epi32(high, SPLIT), low), PRECISION);
      sum = _mm256_packs_epi32(sum, sum);
      sum = _mm256_packus_epi16(sum, sum);
      const int32_t t = _mm_cvtsi128_si32(_mm256_castsi256_si128(sum));
      const int32_t b = _mm_cvtsi128_si32(_mm256_extracti128_si256(sum, 1));
      // Four bytes where the next pixel overwrites the fourth, three at the row's end.
      const size_t bytes = x + 1 < across->count ? 4 : 3;
      if (bytes == 4) {
        memcpy(to_top + 3 * x, &t, 4);
        if (two) memcpy(to_bottom + 3 * x, &b, 4);
      } else {
        memcpy(to_top + 3 * x, &t, 3);
        if (two) memcpy(to_bottom + 3 * x, &b, 3);
      }
    }
  }
  free(packed);
  free(scratch);
  return 1;
}
#endif

// ---- vertical pass ----

/// in [height, width] -> out [down->count, width], bytes; the caller counts channels into width.
__attribute__((always_inline)) static inline void down_loop(
    const uint8_t *in, int64_t width, const axis *down, uint8_t *out) {
  enum { BLOCK = 64 };
  for (int64_t y = 0; y < down->count; y++, out += width) {
    const int32_t *weight = down->weight + y * down->stride;
    const uint8_t *top = in + down->first[y] * width;
    const int64_t taps = down->taps[y];
    int64_t x = 0;
    for (; x + BLOCK <= width; x += BLOCK) {
      int32_t sum[BLOCK];
      for (int i = 0; i < BLOCK; i++) sum[i] = HALF;
      for (int64_t k = 0; k < taps; k++) {
        const uint8_t *p = top + k * width + x;
        const int32_t w = weight[k];
        for (int i = 0; i < BLOCK; i++) sum[i] += p[i] * w;
      }
      for (int i = 0; i < BLOCK; i++) out[x + i] = clamp(sum[i]);
    }
    for (; x < width; x++) {
      int32_t sum = HALF;
      for (int64_t k = 0; k < taps; k++) sum += top[k * width + x] * weight[k];
      out[x] = clamp(sum);
    }
  }
}

static void down_plain(const uint8_t *in, int64_t width, const axis *down, uint8_t *out) {
  down_loop(in, width, down, out);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void down_avx2(
    const uint8_t *in, int64_t width, const axis *down, uint8_t *out) {
  down_loop(in, width, down, out);
}
#endif

// ---- nearest ----

void resample_nearest_indices(int64_t size, int64_t out_size, int64_t *index) {
  const double scale = (double)size / (double)out_size;
  double position = scale * 0.5;  // accumulated, not multiplied: this decides ties as Pillow does
  for (int64_t i = 0; i < out_size; i++, position += scale) {
    const int64_t at = (int64_t)position;
    index[i] = at < size ? at : size - 1;
  }
}

static int nearest(
    const uint8_t *in, int64_t width, int64_t height, uint8_t *out, int64_t out_width, int64_t out_height) {
  int64_t *column = malloc((size_t)out_width * sizeof *column), *row = malloc((size_t)out_height * sizeof *row);
  if (column && row) {
    resample_nearest_indices(width, out_width, column);
    resample_nearest_indices(height, out_height, row);
    for (int64_t y = 0; y < out_height; y++)
      for (int64_t x = 0; x < out_width; x++)
        memcpy(out + (y * out_width + x) * 3, in + (row[y] * width + column[x]) * 3, 3);
  }
  const int good = column && row;
  free(column);
  free(row);
  return good;
}

// ---- both passes ----

static int has_avx2(int32_t instructions) {
#if defined(__x86_64__)
  return instructions != RESAMPLE_PLAIN && __builtin_cpu_supports("avx2");
#else
  return 0;
#endif
}

static void pass_across(
    const uint8_t *in, int64_t width, int64_t rows, const axis *across, uint8_t *out, int32_t instructions) {
#if defined(__x86_64__)
  if (has_avx2(instructions) && across_avx2(in, width, rows, across, out)) return;
#endif
  across_plain(in, width, rows, across, out);
}

static void pass_down(const uint8_t *in, int64_t width, const axis *down, uint8_t *out, int32_t instructions) {
#if defined(__x86_64__)
  if (has_avx2(instructions)) return down_avx2(in, width * 3, down, out);
#endif
  down_plain(in, width * 3, down, out);
}

/// The order of the passes decides which overshoots are clamped in between, so it has to be Pillow's too: since version
/// 13 the vertical pass comes first where the height shrinks by more than twice what the width loses (earlier
/// versions: never).
static int vertical_first(int64_t width, int64_t height, int64_t out_width, int64_t out_height) {
  return out_height < height && height - out_height > 2 * (width - out_width);
}

int32_t resample_rgb(
    const uint8_t *in, int64_t width, int64_t height, uint8_t *out, int64_t out_width, int64_t out_height,
    int32_t filter, int32_t instructions) {
  if (width == out_width && height == out_height) {
    memcpy(out, in, (size_t)(width * height * 3));
    return CODEC_OK;
  }
  if (filter == RESAMPLE_NEAREST) {
    return nearest(in, width, height, out, out_width, out_height) ? CODEC_OK : CODEC_NO_MEMORY;
  }
  int32_t status = CODEC_NO_MEMORY;
  axis across = {0}, down = {0};
  uint8_t *between = NULL;
  if (!make_axis(&across, width, out_width, filter) || !make_axis(&down, height, out_height, filter)) goto done;
  if (height == out_height) {
    pass_across(in, width, height, &across, out, instructions);
  } else if (width == out_width) {
    pass_down(in, width, &down, out, instructions);
  } else if (vertical_first(width, height, out_width, out_height)) {
    if (!(between = malloc((size_t)(width * out_height * 3)))) goto done;
    pass_down(in, width, &down, between, instructions);
    pass_across(between, width, out_height, &across, out, instructions);
  } else {
    if (!(between = malloc((size_t)(out_width * height * 3)))) goto done;
    pass_across(in, width, height, &across, between, instructions);
    pass_down(between, out_width, &down, out, instructions);
  }
  status = CODEC_OK;
done:
  free_axis(&across);
  free_axis(&down);
  free(between);
  return status;
}

// ---- patches ----

void cut_patches(
    const uint8_t *pixels, int64_t width, int64_t rows, int64_t columns, int64_t patch, uint8_t *patches) {
  const int64_t plane = patch * patch;
  for (int64_t row = 0; row < rows; row++)
    for (int64_t column = 0; column < columns; column++, patches += 3 * plane)
      for (int64_t y = 0; y < patch; y++) {
        const uint8_t *from = pixels + ((row * patch + y) * width + column * patch) * 3;
        uint8_t *red = patches + y * patch, *green = red + plane, *blue = green + plane;
        for (int64_t x = 0; x < patch; x++) {
          red[x] = from[3 * x];
          green[x] = from[3 * x + 1];
          blue[x] = from[3 * x + 2];
        }
      }
}
