// SPDX-License-Identifier: MIT
import CKernels
import Tensors

/// U8 patches as imgtok cuts them, one buffer an image -> normalised pixels [Σ P, 3·p·p]: (v/255 - mean)/std a channel.
public func normalizedPixels(_ images: [UnsafeRawBufferPointer], patchSize: Int, mean: [Float], std: [Float]) -> Tensor
{
  let row = 3 * patchSize * patchSize
  let pixels = Tensor(uninitialized: [images.reduce(0) { $0 + $1.count } / row, row])
  var at = 0
  for image in images {
    guard let start = image.baseAddress else { continue }
    kernel_normalize_patches(
      start.assumingMemoryBound(to: UInt8.self), pixels.pointer + at, image.count / row, patchSize * patchSize, mean,
      std)
    at += image.count
  }
  return pixels
}
