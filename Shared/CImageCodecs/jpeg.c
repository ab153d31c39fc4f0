// SPDX-License-Identifier: MIT
// JPEG decoding with libjpeg(-turbo).  The bytes are handed over once; when they run out the library "suspends", which
// is how a truncated file is told from a damaged one.
#include "CImageCodecs.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf jump;
  char *message;
  int32_t status;
} failure;

/// A progressive file may repeat scans to burn time; real ones have about ten.
enum { MOST_SCANS = 500 };

static void say(char *message, const char *text) { snprintf(message, CODEC_MESSAGE, "%s", text); }

static void fail(j_common_ptr codec) {
  failure *f = (failure *)codec->err;
  char text[JMSG_LENGTH_MAX];
  codec->err->format_message(codec, text);
  say(f->message, text);
  switch (codec->err->msg_code) {
  case JERR_BAD_PRECISION:
  case JERR_SOF_UNSUPPORTED:
  case JERR_CONVERSION_NOTIMPL:
  case JERR_NOT_COMPILED: f->status = CODEC_UNSUPPORTED; break;
  case JERR_OUT_OF_MEMORY: f->status = CODEC_NO_MEMORY; break;
  default: f->status = CODEC_DAMAGED;
  }
  longjmp(f->jump, 1);
}

/// Warnings that mean lost pixels stop the decoder; harmless ones (a JFIF version, stray bytes before a marker) do not.
static void warn(j_common_ptr codec, int level) {
  if (level >= 0) return;
  switch (codec->err->msg_code) {
  case JWRN_HUFF_BAD_CODE:
  case JWRN_HIT_MARKER:
  case JWRN_MUST_RESYNC:
  case JWRN_ARITH_BAD_CODE: fail(codec);
  default: codec->err->num_warnings++;
  }
}

static void print_nothing(j_common_ptr codec) { (void)codec; }
static void start_source(j_decompress_ptr codec) { (void)codec; }
static boolean suspend(j_decompress_ptr codec) {
  (void)codec;
  return FALSE;
}
static void skip(j_decompress_ptr codec, long count) {
  if (count <= 0) return;
  size_t all = codec->src->bytes_in_buffer, step = (size_t)count < all ? (size_t)count : all;
  codec->src->next_input_byte += step;
  codec->src->bytes_in_buffer -= step;
}

static void count_scans(j_common_ptr codec) {
  if (!codec->is_decompressor || ((j_decompress_ptr)codec)->input_scan_number <= MOST_SCANS) return;
  failure *f = (failure *)codec->err;
  snprintf(f->message, CODEC_MESSAGE, "more than %d scans", MOST_SCANS);
  f->status = CODEC_DAMAGED;
  longjmp(f->jump, 1);
}

static void open_codec(
    struct jpeg_decompress_struct *codec, failure *f, struct jpeg_source_mgr *source, const uint8_t *bytes,
    size_t count, char *message) {
  memset(codec, 0, sizeof *codec);
  memset(source, 0, sizeof *source);
  codec->err = jpeg_std_error(&f->base);
  f->base.error_exit = fail;
  f->base.emit_message = warn;
  f->base.output_message = print_nothing;
  f->message = message;
  f->status = CODEC_DAMAGED;
  source->init_source = start_source;
  source->fill_input_buffer = suspend;
  source->skip_input_data = skip;
  source->resync_to_restart = jpeg_resync_to_restart;
  source->term_source = start_source;
  source->next_input_byte = bytes;
  source->bytes_in_buffer = count;
}

static int32_t truncated(char *message, const char *where) {
  snprintf(message, CODEC_MESSAGE, "the data ends %s", where);
  return CODEC_TRUNCATED;
}

/// A Huffman code takes a bit or more; a block takes two codes in a sequential file, and at least the one that starts
/// its coefficients in a progressive file.  Arithmetic codes have no such bound.
static uint64_t least_bytes(const struct jpeg_decompress_struct *codec) {
  if (codec->arith_code) return 0;
  uint64_t blocks = 0;
  for (int i = 0; i < codec->num_components; i++)
    blocks += (uint64_t)codec->comp_info[i].width_in_blocks * codec->comp_info[i].height_in_blocks;
  return blocks / (codec->progressive_mode ? 8 : 4);
}

int32_t codec_jpeg_header(const uint8_t *bytes, size_t count, codec_header *header, char *message) {
  struct jpeg_decompress_struct codec;
  struct jpeg_source_mgr source;
  failure f;
  open_codec(&codec, &f, &source, bytes, count, message);
  if (setjmp(f.jump)) {
    jpeg_destroy_decompress(&codec);
    return f.status;
  }
  jpeg_create_decompress(&codec);
  codec.src = &source;
  int32_t status = CODEC_OK;
  if (jpeg_read_header(&codec, TRUE) == JPEG_SUSPENDED) {
    status = truncated(message, "inside the header");
  } else {
    header->width = codec.image_width;
    header->height = codec.image_height;
    header->channels = codec.num_components;
    header->bit_depth = codec.data_precision;
    header->has_palette = 0;
    header->least_bytes = least_bytes(&codec);
    if (codec.num_components != 1 && codec.num_components != 3 && codec.num_components != 4) {
      snprintf(message, CODEC_MESSAGE, "%d colour components", codec.num_components);
      status = CODEC_UNSUPPORTED;
    }
  }
  jpeg_destroy_decompress(&codec);
  return status;
}

/// a·b/255, rounded, for a and b in 0...255.
static inline uint32_t product(uint32_t a, uint32_t b) {
  uint32_t t = a * b + 128;
  return ((t >> 8) + t) >> 8;
}

/// Inverted CMYK (255 = no ink) to RGB.
static void rgb_from_cmyk(const uint8_t *cmyk, uint8_t *rgb, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t light = cmyk[4 * i + 3];
    for (int c = 0; c < 3; c++) rgb[3 * i + c] = (uint8_t)(light - product(255u - cmyk[4 * i + c], light));
  }
}

int32_t codec_jpeg_decode(const uint8_t *bytes, size_t count, uint8_t *rgb, char *message) {
  struct jpeg_decompress_struct codec;
  struct jpeg_source_mgr source;
  struct jpeg_progress_mgr progress;
  failure f;
  uint8_t *volatile row = NULL;  // survives the longjmp
  open_codec(&codec, &f, &source, bytes, count, message);
  if (setjmp(f.jump)) {
    jpeg_destroy_decompress(&codec);
    free(row);
    return f.status;
  }
  jpeg_create_decompress(&codec);
  codec.src = &source;
  memset(&progress, 0, sizeof progress);
  progress.progress_monitor = count_scans;
  codec.progress = &progress;

  int32_t status = CODEC_OK;
  if (jpeg_read_header(&codec, TRUE) == JPEG_SUSPENDED) {
    status = truncated(message, "inside the header");
  } else {
    const int is_cmyk = codec.num_components == 4;
    codec.out_color_space = is_cmyk ? JCS_CMYK : JCS_RGB;
    if (is_cmyk && !(row = malloc((size_t)codec.image_width * 4))) {
      say(message, "out of memory");
      status = CODEC_NO_MEMORY;
    } else if (!jpeg_start_decompress(&codec)) {
      status = truncated(message, "before the last scan");
    } else {
      const size_t width = codec.output_width;
      while (codec.output_scanline < codec.output_height) {
        const unsigned y = codec.output_scanline;
        uint8_t *to = rgb + (size_t)y * width * 3;
        JSAMPROW rows[1] = {is_cmyk ? row : to};
        if (jpeg_read_scanlines(&codec, rows, 1) != 1) {
          snprintf(message, CODEC_MESSAGE, "the data ends in row %u of %u", y, codec.output_height);
          status = CODEC_TRUNCATED;
          break;
        }
        if (is_cmyk) rgb_from_cmyk(row, to, width);
      }
      if (status == CODEC_OK && !jpeg_finish_decompress(&codec)) {
        status = truncated(message, "without an end-of-image marker");
      }
    }
  }
  jpeg_destroy_decompress(&codec);
  free(row);
  return status;
}
