// SPDX-License-Identifier: MIT
// PNG decoding and encoding with libpng's row interface.  libpng unpacks and de-interlaces; what a sample means is
// decided here, so that gamma, profiles and transparency cannot change a pixel.
#include "CImageCodecs.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

/// Reads from memory; keeps libpng's message.
typedef struct {
  const uint8_t *bytes;
  size_t count, position;
  int32_t is_truncated;
  char *message;
} reader;

static void keep_message(char *message, const char *text) {
  snprintf(message, CODEC_MESSAGE, "%s", text);
  for (char *p = message; *p; p++)
    if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e) *p = '?';  // libpng quotes chunk names from the file
}

static void read_error(png_structp png, png_const_charp text) {
  keep_message(((reader *)png_get_error_ptr(png))->message, text);
  png_longjmp(png, 1);
}
static void ignore_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void read_bytes(png_structp png, png_bytep to, size_t count) {
  reader *r = png_get_io_ptr(png);
  if (count > r->count - r->position) {
    r->is_truncated = 1;
    png_error(png, "the data ends inside a chunk");
  }
  memcpy(to, r->bytes + r->position, count);
  r->position += count;
}

static png_structp open_reader(reader *r, const uint8_t *bytes, size_t count, char *message) {
  r->bytes = bytes;
  r->count = count;
  r->position = 0;
  r->is_truncated = 0;
  r->message = message;
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r, read_error, ignore_warning);
  if (!png) return NULL;
  png_set_read_fn(png, r, read_bytes);
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);  // the caller checks the size against its own limit
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);  // only IHDR, PLTE, tRNS, IDAT, IEND are parsed
  return png;
}

static int32_t no_memory(char *message) {
  keep_message(message, "out of memory");
  return CODEC_NO_MEMORY;
}

int32_t codec_png_header(const uint8_t *bytes, size_t count, codec_header *header, char *message) {
  reader r;
  png_structp png = open_reader(&r, bytes, count, message);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    png_destroy_read_struct(&png, NULL, NULL);
    return no_memory(message);
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    return r.is_truncated ? CODEC_TRUNCATED : CODEC_DAMAGED;
  }
  png_read_info(png, info);
  header->width = png_get_image_width(png, info);
  header->height = png_get_image_height(png, info);
  header->channels = png_get_channels(png, info);
  header->bit_depth = png_get_bit_depth(png, info);
  header->has_palette = png_get_color_type(png, info) == PNG_COLOR_TYPE_PALETTE;
  // DEFLATE never gains more than 1032 : 1.
  header->least_bytes =
      (uint64_t)header->width * header->height / 1032 * (uint64_t)(header->channels * header->bit_depth) / 8;
  png_destroy_read_struct(&png, &info, NULL);
  return CODEC_OK;
}

/// How a decoded row, one byte (or two for 16 bits, the high one first) a sample, becomes pixels.
typedef struct {
  int color_type, bit_depth;
  size_t width;
  uint8_t palette[256][3];
} layout;

static void rgb_row(const layout *from, const uint8_t *row, uint8_t *rgb) {
  const size_t width = from->width;
  const int wide = from->bit_depth == 16 ? 2 : 1;
  switch (from->color_type) {
  case PNG_COLOR_TYPE_GRAY:
    if (wide == 2) {
      for (size_t i = 0; i < width; i++) {
        const uint8_t v = row[2 * i] ? 255 : row[2 * i + 1];
        rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = v;
      }
    } else {
      const int step = 255 / ((1 << from->bit_depth) - 1);
      for (size_t i = 0; i < width; i++) rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = (uint8_t)(row[i] * step);
    }
    break;
  case PNG_COLOR_TYPE_GRAY_ALPHA:
    for (size_t i = 0; i < width; i++) rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = row[2 * wide * i];
    break;
  case PNG_COLOR_TYPE_PALETTE:
    for (size_t i = 0; i < width; i++) memcpy(rgb + 3 * i, from->palette[row[i]], 3);
    break;
  default: {
    const size_t channels = from->color_type == PNG_COLOR_TYPE_RGB ? 3 : 4;
    if (channels == 3 && wide == 1) {
      memcpy(rgb, row, width * 3);
    } else {
      for (size_t i = 0; i < width; i++)
        for (size_t c = 0; c < 3; c++) rgb[3 * i + c] = row[(channels * i + c) * (size_t)wide];
    }
  }
  }
}

static void value_row(const layout *from, const uint8_t *row, uint16_t *values) {
  const int wide = from->bit_depth == 16 ? 2 : 1;
  const int channels = from->color_type == PNG_COLOR_TYPE_GRAY_ALPHA ? 2 : 1;
  for (size_t i = 0; i < from->width; i++) {
    const uint8_t *sample = row + i * (size_t)(channels * wide);
    values[i] = wide == 2 ? (uint16_t)(sample[0] << 8 | sample[1]) : sample[0];
  }
}

static int32_t decode(
    const uint8_t *bytes, size_t count, uint8_t *rgb, uint16_t *values, char *message) {
  reader r;
  png_structp png = open_reader(&r, bytes, count, message);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    png_destroy_read_struct(&png, NULL, NULL);
    return no_memory(message);
  }
  uint8_t *volatile rows = NULL;  // these survive the longjmp
  layout *volatile from = NULL;
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    free(rows);
    free(from);
    return r.is_truncated ? CODEC_TRUNCATED : CODEC_DAMAGED;
  }
  png_read_info(png, info);
  layout *const l = from = calloc(1, sizeof(layout));
  if (!l) png_error(png, "out of memory");
  l->color_type = png_get_color_type(png, info);
  l->bit_depth = png_get_bit_depth(png, info);
  l->width = png_get_image_width(png, info);
  png_colorp colors;
  int color_count;
  if (png_get_PLTE(png, info, &colors, &color_count))
    for (int i = 0; i < color_count && i < 256; i++) {
      l->palette[i][0] = colors[i].red;
      l->palette[i][1] = colors[i].green;
      l->palette[i][2] = colors[i].blue;
    }
  png_set_packing(png);
  const int passes = png_set_interlace_handling(png);
  png_set_check_for_invalid_index(png, -1);
  png_read_update_info(png, info);
  const size_t stride = png_get_rowbytes(png, info), height = png_get_image_height(png, info);
  // Interlaced: the passes fill the whole picture. Otherwise one row is enough.
  uint8_t *const all = rows = calloc(passes > 1 ? height : 1, stride);
  if (!all) png_error(png, "out of memory");
  for (int pass = 0; pass < passes; pass++)
    for (size_t y = 0; y < height; y++) {
      uint8_t *const row = all + (passes > 1 ? y * stride : 0);
      png_read_row(png, row, NULL);
      if (pass + 1 < passes) continue;
      if (rgb) rgb_row(l, row, rgb + y * l->width * 3);
      if (values) value_row(l, row, values + y * l->width);
    }
  png_destroy_read_struct(&png, &info, NULL);
  free(rows);
  free(from);
  return CODEC_OK;
}

int32_t codec_png_decode(const uint8_t *bytes, size_t count, uint8_t *rgb, char *message) {
  return decode(bytes, count, rgb, NULL, message);
}

int32_t codec_png_values(const uint8_t *bytes, size_t count, uint16_t *values, char *message) {
  return decode(bytes, count, NULL, values, message);
}

/// Grows in memory; keeps libpng's message.
typedef struct {
  uint8_t *bytes;
  size_t count, capacity;
  char *message;
} writer;

static void write_error(png_structp png, png_const_charp text) {
  keep_message(((writer *)png_get_error_ptr(png))->message, text);
  png_longjmp(png, 1);
}

static void write_bytes(png_structp png, png_bytep from, size_t count) {
  writer *w = png_get_io_ptr(png);
  if (count > w->capacity - w->count) {
    size_t capacity = w->capacity * 2 > w->count + count ? w->capacity * 2 : w->count + count;
    uint8_t *bytes = realloc(w->bytes, capacity);
    if (!bytes) png_error(png, "out of memory");
    w->bytes = bytes;
    w->capacity = capacity;
  }
  memcpy(w->bytes + w->count, from, count);
  w->count += count;
}
static void flush_nothing(png_structp png) { (void)png; }

int32_t codec_png_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, int32_t channels, const uint8_t *palette,
    int32_t palette_count, uint8_t **bytes, size_t *count, char *message) {
  writer w = {NULL, 0, 0, message};
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &w, write_error, ignore_warning);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    png_destroy_write_struct(&png, NULL);
    return no_memory(message);
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_write_struct(&png, &info);
    free(w.bytes);
    return CODEC_DAMAGED;
  }
  png_set_write_fn(png, &w, write_bytes, flush_nothing);
  const int type = channels == 3 ? PNG_COLOR_TYPE_RGB : palette ? PNG_COLOR_TYPE_PALETTE : PNG_COLOR_TYPE_GRAY;
  png_set_IHDR(
      png, info, width, height, 8, type, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
  png_set_compression_level(png, 6);
  if (type == PNG_COLOR_TYPE_PALETTE) {
    png_color colors[256];
    for (int i = 0; i < palette_count; i++)
      colors[i] = (png_color){palette[3 * i], palette[3 * i + 1], palette[3 * i + 2]};
    png_set_PLTE(png, info, colors, palette_count);
  }
  png_write_info(png, info);
  for (uint32_t y = 0; y < height; y++) png_write_row(png, pixels + (size_t)y * width * (size_t)channels);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  *bytes = w.bytes;
  *count = w.count;
  return CODEC_OK;
}
