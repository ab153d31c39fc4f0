# SPDX-License-Identifier: MIT
"""Writes the pictures of this folder and what Pillow makes of them (expected.bin, cases.json).  See README.md."""
import io, json, os, struct, sys, zlib
import numpy as np
import PIL
import transformers
from PIL import Image, ImageOps
from transformers.image_transforms import center_crop

here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(20)
cases, blob = [], bytearray()


def picture(width, height, noise=24):
    """Gradients, an edge and some noise: something for every filter and every predictor."""
    y, x = np.mgrid[0:height, 0:width]
    base = np.stack([x * 255 / width, y * 255 / height, (x + y) * 255 / (width + height)], -1)
    base[(x > width // 3) & (y < height // 2)] = (230, 20, 40)
    return np.clip(base + rng.normal(0, noise, base.shape), 0, 255).astype(np.uint8)


def expect(kind, file, array, **more):
    """One case: the bytes that `kind` applied to `file` has to give."""
    array = np.ascontiguousarray(array)
    cases.append(dict(kind=kind, file=file, width=array.shape[1], height=array.shape[0], offset=len(blob), **more))
    blob.extend(array.tobytes())


def put(name, data):
    with open(os.path.join(here, name), 'wb') as f:
        f.write(data)


def decoded(name, data, labels=None):
    """Both readings of a file: as stored, and turned upright."""
    put(name, data)
    image = Image.open(io.BytesIO(data))
    expect('decode', name, np.asarray(image.convert('RGB')))
    upright = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert('RGB'))
    if upright.shape != image.size[::-1] + (3,) or (upright != np.asarray(image.convert('RGB'))).any():
        expect('decode upright', name, upright)
    if labels is not None:
        expect('labels', name, labels.astype('<u2'))


# ---- PNG: written here, since Pillow cannot write every colour type, depth and interlacing ---------------------------

def chunk(name, data):
    return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))


def scanlines(samples, depth):
    """samples [h, w, channels] -> filtered bytes, a different filter each row (None and Sub only below 8 bits)."""
    height, width, channels = samples.shape
    out, step = bytearray(), max(1, channels * depth // 8)
    previous = None
    for y in range(height):
        row = samples[y].reshape(-1)
        if depth == 16:
            raw = row.astype('>u2').tobytes()
        elif depth == 8:
            raw = row.astype(np.uint8).tobytes()
        else:
            bits = np.unpackbits(row.astype(np.uint8)[:, None], axis=1)[:, 8 - depth:].reshape(-1)
            raw = np.packbits(bits).tobytes()
        filter_type = y % 5 if previous is not None else y % 2
        above = previous or bytes(len(raw))
        line = bytearray()
        for i, value in enumerate(raw):
            a, b, c = raw[i - step] if i >= step else 0, above[i], above[i - step] if i >= step else 0
            p = a + b - c
            nearest = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            line.append((value - (0, a, b, (a + b) // 2, nearest)[filter_type]) & 255)
        out += bytes([filter_type]) + line
        previous = raw
    return bytes(out)


def png(samples, color, depth, interlaced=False, extra=b''):
    height, width = samples.shape[:2]
    samples = samples.reshape(height, width, -1)
    if interlaced:
        steps = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
        raw = b''.join(scanlines(part, depth) for x, y, dx, dy in steps
                       for part in [samples[y::dy, x::dx]] if part.size)
    else:
        raw = scanlines(samples, depth)
    header = struct.pack('>IIBBBBB', width, height, depth, color, 0, 0, int(interlaced))
    data = zlib.compress(raw, 9)
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + extra + chunk(b'IDAT', data[:50])
            + chunk(b'IDAT', data[50:]) + chunk(b'IEND', b''))


W, H = 13, 11
for color, name, depths, channels in [(0, 'gray', (1, 2, 4, 8, 16), 1), (2, 'rgb', (8, 16), 3), (3, 'palette', (1, 2, 4, 8), 1),
                                      (4, 'gray-alpha', (8, 16), 2), (6, 'rgba', (8, 16), 4)]:
    for depth in depths:
        samples = rng.integers(0, 1 << depth, (H, W, channels))
        if color == 0 and depth == 16:
            samples[: H // 2] %= 300                       # around the clip at 255
        extra = b''
        if color == 3:
            samples %= 40
            extra = chunk(b'PLTE', rng.integers(0, 256, min(40, 1 << depth) * 3, dtype=np.uint8).tobytes())
        labels = samples[..., 0] if color in (0, 3, 4) else None
        for interlaced in (False, True):
            decoded(f'{name}-{depth}{"-interlaced" if interlaced else ""}.png',
                    png(samples, color, depth, interlaced, extra), labels)

# What must not change a pixel: gamma, transparency, a background; and a palette shorter than its indices.
rgb = picture(W, H)
noise = chunk(b'gAMA', struct.pack('>I', 100000)) + chunk(b'sRGB', b'\0') + chunk(b'bKGD', struct.pack('>3H', 9, 9, 9))
decoded('rgb-gamma-transparent.png', png(rgb, 2, 8, extra=noise + chunk(b'tRNS', struct.pack('>3H', *map(int, rgb[0, 0])))))
index = rng.integers(0, 4, (H, W))
colors = chunk(b'PLTE', bytes([200, 10, 10, 10, 200, 10, 10, 10, 200, 90, 90, 90]))
decoded('palette-transparent.png', png(index, 3, 8, extra=colors + chunk(b'tRNS', bytes([0, 128, 255]))), index)
decoded('palette-short.png', png(index + 2, 3, 8, extra=colors), index + 2)
gray = rng.integers(0, 4, (H, W))
decoded('gray-transparent.png', png(gray * 60, 0, 8, extra=chunk(b'tRNS', struct.pack('>H', 60))), gray * 60)
tiff = b'MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0'
decoded('rgb-exif.png', png(rgb, 2, 8, extra=chunk(b'eXIf', tiff)))
decoded('one-pixel.png', png(rgb[:1, :1], 2, 8))
decoded('one-column-interlaced.png', png(rgb[:, :1], 2, 8, True))

# ---- JPEG ------------------------------------------------------------------------------------------------------------

def jpeg(array, mode=None, **options):
    out = io.BytesIO()
    Image.fromarray(array, mode).save(out, 'JPEG', **options)
    return out.getvalue()


def with_segment(data, marker, content):
    return data[:2] + bytes([0xff, marker]) + struct.pack('>H', len(content) + 2) + content + data[2:]


photo = picture(19, 17)
for subsampling in (0, 1, 2):
    for progressive in (False, True):
        name = f'{("444", "422", "420")[subsampling]}{"-progressive" if progressive else ""}.jpg'
        decoded(name, jpeg(photo, quality=80, subsampling=subsampling, progressive=progressive))
decoded('gray.jpg', jpeg(photo[..., 1], quality=85))
decoded('gray-progressive.jpg', jpeg(photo[..., 1], quality=85, progressive=True))
decoded('restarts.jpg', jpeg(photo, quality=70, restart_marker_blocks=2))
decoded('rgb.jpg', jpeg(photo, quality=85, keep_rgb=True))
cmyk = np.concatenate([photo, 255 - photo[..., :1] // 2], -1)
cmyk_file = jpeg(cmyk, 'CMYK', quality=85)
decoded('cmyk.jpg', cmyk_file)
adobe = cmyk_file.index(b'Adobe') + 11                     # the marker's transform byte: 0 = CMYK, 2 = YCCK
decoded('ycck.jpg', cmyk_file[:adobe] + b'\2' + cmyk_file[adobe + 1:])
no_adobe = cmyk_file.index(b'\xff\xee')
decoded('cmyk-no-adobe.jpg', cmyk_file[:no_adobe] + cmyk_file[no_adobe + 16:])
decoded('cmyk-progressive.jpg', jpeg(cmyk, 'CMYK', quality=85, progressive=True))
small = picture(10, 7)
for orientation in range(1, 9):
    order = '<>'[orientation % 2]
    tiff = {'<': b'II*\0', '>': b'MM\0*'}[order] + struct.pack(
        order + 'IHHHIHHHHIHHI', 8, 2, 0x010f, 2, 2, 0x4100, 0, 0x0112, 3, 1, orientation, 0, 0)
    decoded(f'exif-{orientation}.jpg', with_segment(jpeg(small, quality=90), 0xe1, b'Exif\0\0' + tiff))
xmp = b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><rdf:Description tiff:Orientation="8"/></x:xmpmeta>'
decoded('xmp-8.jpg', with_segment(jpeg(small, quality=90), 0xe1, xmp))
decoded('exif-nonsense.jpg', with_segment(jpeg(small, quality=90), 0xe1, b'Exif\0\0II*\0\xff\xff\xff\xff'))
decoded('trailing-bytes.jpg', jpeg(small, quality=90) + b'what a camera left behind')

# ---- resizing and cropping -------------------------------------------------------------------------------------------

source = Image.fromarray(picture(31, 21, 60))
out = io.BytesIO()
source.save(out, 'PNG', optimize=True)
put('resize.png', out.getvalue())
for filter in range(6):
    for width, height in [(14, 13), (31, 9), (33, 23), (7, 21), (1, 1), (40, 5)]:
        expect('resize', 'resize.png', np.asarray(source.resize((width, height), filter)), filter=filter)

for width, height in [(10, 10), (11, 10), (34, 24), (35, 12), (8, 25)]:
    expect('crop', 'resize.png', center_crop(np.asarray(source), (height, width), input_data_format='channels_last'))

# ---- whole preprocessors ---------------------------------------------------------------------------------------------

half = dict(image_mean=[0.5] * 3, image_std=[0.5] * 3, rescale_factor=1 / 255, do_rescale=True, do_normalize=True)
for config in [
    dict(half, image_processor_type='SiglipImageProcessor', size=dict(height=14, width=18), resample=3),
    dict(half, image_processor_type='CLIPImageProcessor', size=dict(shortest_edge=15), crop_size=dict(height=14, width=14),
         resample=3, do_center_crop=True),
    dict(half, image_processor_type='CLIPImageProcessor', size=12, crop_size=17, resample=3, do_center_crop=True),
    dict(half, image_processor_type='BitImageProcessor', size=dict(shortest_edge=16), crop_size=dict(height=14, width=14),
         resample=3, do_center_crop=True),
    dict(half, image_processor_type='ViTImageProcessor', size=dict(height=16, width=16), resample=2),
    dict(half, image_processor_type='CLIPImageProcessor', size=dict(shortest_edge=14), do_center_crop=False, resample=1),
    dict(half, image_processor_type='CLIPImageProcessor', do_resize=False, crop_size=dict(height=25, width=24)),
]:
    processor = getattr(transformers, config['image_processor_type'] + 'Pil')(**config)
    for turn in (False, True):
        image = source.transpose(Image.Transpose.TRANSPOSE) if turn else source
        pixels = processor(image, do_rescale=False, do_normalize=False, return_tensors='np')['pixel_values'][0]
        expect('preprocess', 'resize.png', pixels.transpose(1, 2, 0).astype(np.uint8), config=config, transpose=turn)

put('expected.bin', bytes(blob))
with open(os.path.join(here, 'cases.json'), 'w') as f:
    f.write('[\n' + ',\n'.join(json.dumps(c) for c in cases) + '\n]\n')
print(f'{len(cases)} cases, {len(blob)} bytes expected; Pillow {PIL.__version__}, numpy {np.__version__}, '
      f'transformers {transformers.__version__}, Python {sys.version.split()[0]}')
