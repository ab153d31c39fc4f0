// SPDX-License-Identifier: MIT
// JPEG and PNG for Swift, and the resampling loops.  C, because libjpeg and libpng report errors by longjmp, which
// must never cross a Swift frame.
//
// Every function that can fail takes `message`, CODEC_MESSAGE bytes; on failure it holds one short line without a
// line feed.  Nothing here reads a file, prints, or keeps state between calls.
#ifndef CIMAGECODECS_H
#define CIMAGECODECS_H

#include <stddef.h>
#include <stdint.h>

#define CODEC_MESSAGE 240

/// How a call ended.
enum {
  CODEC_OK = 0,
  CODEC_TRUNCATED = 1,    // the bytes end before the picture does
  CODEC_DAMAGED = 2,      // the bytes are not what the format demands
  CODEC_UNSUPPORTED = 3,  // legal, but not read here (12 bit, lossless, two components)
  CODEC_NO_MEMORY = 4,
};

/// What a file's header claims.  Nothing but this has been allocated or decoded when it is filled in.
typedef struct {
  uint32_t width, height;
  int32_t channels;      // as stored: 1 gray, 2 gray + alpha, 3 colour, 4 CMYK/YCCK (JPEG) or RGBA (PNG)
  int32_t bit_depth;     // bits a channel
  int32_t has_palette;   // PNG only
  uint64_t least_bytes;  // no file of fewer bytes can hold such a picture
} codec_header;

// JPEG (jpeg.c): baseline, extended and progressive Huffman or arithmetic, 8 bits, 1, 3 or 4 components.

int32_t codec_jpeg_header(const uint8_t *bytes, size_t count, codec_header *header, char *message);

/// Decodes into rgb [height, width, 3] U8.  Gray is repeated; CMYK is taken as Adobe writes it (inverted) and turned
/// into RGB with Pillow's rounding.  Exact inverse DCT, fancy upsampling, no colour management: libjpeg's defaults.
int32_t codec_jpeg_decode(const uint8_t *bytes, size_t count, uint8_t *rgb, char *message);

// PNG (png.c): all colour types, depths and interlacing.  Alpha, gamma, profiles and transparency are left aside.

int32_t codec_png_header(const uint8_t *bytes, size_t count, codec_header *header, char *message);

/// Decodes into rgb [height, width, 3] U8 as Pillow's convert("RGB"): alpha dropped, 1/2/4-bit gray spread over
/// 0..255, 16-bit gray clipped to 255, 16-bit colour and gray + alpha cut to the high byte, palette entries that
/// the file does not define black.
int32_t codec_png_decode(const uint8_t *bytes, size_t count, uint8_t *rgb, char *message);

/// Decodes a gray or palette PNG into values [height, width] U16: samples and palette indices as stored, unscaled.
int32_t codec_png_values(const uint8_t *bytes, size_t count, uint16_t *values, char *message);

/// Encodes 8-bit pixels.  channels 1 (gray, or palette indices where palette is not NULL) or 3 (RGB); palette holds
/// palette_count RGB triples (1...256).  On success *bytes is malloc'ed and the caller's to free.  The same pixels
/// give the same bytes for the same libpng and zlib.
int32_t codec_png_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, int32_t channels, const uint8_t *palette,
    int32_t palette_count, uint8_t **bytes, size_t *count, char *message);

// Resampling (resample.c).

enum {
  RESAMPLE_NEAREST = 0,
  RESAMPLE_LANCZOS = 1,
  RESAMPLE_BILINEAR = 2,
  RESAMPLE_BICUBIC = 3,
  RESAMPLE_BOX = 4,
  RESAMPLE_HAMMING = 5,
};

/// Which instructions to use; RESAMPLE_BEST asks the CPU.  All give the same bytes.
enum { RESAMPLE_PLAIN = 0, RESAMPLE_AVX2 = 1, RESAMPLE_BEST = 99 };

/// out [out_height, out_width, 3] from in [height, width, 3], both U8, not overlapping, all extents at least 1.
/// Two passes, one an axis, each with 22-bit fixed-point weights and rounded to 8 bits: byte for byte what Image.resize
/// of Pillow 13 computes (earlier versions differ in the order of the passes).  An axis that keeps its extent is left
/// out.
/// Cost: about height·out_width·3·taps + out_height·out_width·3·taps multiplications, taps = 2·support·max(1, scale).
int32_t resample_rgb(
    const uint8_t *in, int64_t width, int64_t height, uint8_t *out, int64_t out_width, int64_t out_height,
    int32_t filter, int32_t instructions);

/// index[i] = the input position that output position i takes under nearest-neighbour scaling from `size` to `out_size`
/// (also what RESAMPLE_NEAREST above uses).
void resample_nearest_indices(int64_t size, int64_t out_size, int64_t *index);

/// patches [rows·columns, 3, patch, patch] from pixels [height, width, 3]: channel-major inside a patch, row by row.
/// width·height may exceed columns·rows·patch²: the rest on the right and below is dropped.
void cut_patches(
    const uint8_t *pixels, int64_t width, int64_t rows, int64_t columns, int64_t patch, uint8_t *patches);

#endif
