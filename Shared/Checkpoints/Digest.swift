// SPDX-License-Identifier: MIT
// A fast hash over named f32 tensors.

import Digests
import Failures
import Tensors

/// A named tensor whose f32 values are hashed, whatever dtype they are stored in.
struct DigestInput {
  let name: String
  let shape: [Int]
  /// Writes the f32 values of a range to a buffer, or hands out a pointer to them where they lie in memory already.
  let values: (Range<Int>, UnsafeMutablePointer<Float>) -> UnsafeRawPointer

  init(name: String, tensor: Tensor) {
    self.name = name
    shape = tensor.shape
    values = { range, _ in UnsafeRawPointer(tensor.pointer + range.lowerBound) }
  }

  /// `tensor` must be of a floating-point type.
  init(stored tensor: StoredTensor, as name: String? = nil) {
    self.name = name ?? tensor.name
    shape = tensor.shape
    let isMapped = tensor.withUnsafeBytes { tensor.dtype == .f32 && Int(bitPattern: $0.baseAddress) % 4 == 0 }
    values = { range, scratch in
      if isMapped {
        return tensor.withUnsafeBytes { ($0.baseAddress ?? UnsafeRawPointer(scratch)) + range.lowerBound * 4 }
      }
      tensor.readFloats(range, into: scratch)
      return UnsafeRawPointer(scratch)
    }
  }
}

/// 64 bits over the values in blocks; blocks are hashed in parallel and combined in order, so the result depends on
/// names, shapes and values only.
enum Digest {
  /// f32 values a block.
  private static let block = 1 << 16

  /// 16 hexadecimal digits over settings and tensors; the order of the tensors does not matter.
  static func of(_ tensors: [DigestInput], settings: [(String, String)]) -> String {
    let sorted = tensors.sorted { $0.name < $1.name }
    var jobs: [(tensor: Int, range: Range<Int>)] = []
    for (index, tensor) in sorted.enumerated() {
      let count = tensor.shape.reduce(1, *)
      for start in stride(from: 0, to: count, by: block) { jobs.append((index, start..<min(count, start + block))) }
    }
    var hashes = [UInt64](repeating: 0, count: jobs.count)
    hashes.withUnsafeMutableBufferPointer { hashes in
      nonisolated(unsafe) let hashes = hashes
      let jobs = jobs
      nonisolated(unsafe) let sorted = sorted
      parallelFor(chunks: jobs.count) { index in
        let (tensor, range) = jobs[index]
        withUnsafeTemporaryAllocation(of: Float.self, capacity: block) { scratch in
          guard let scratch = scratch.baseAddress else { return }
          hashes[index] = hash(sorted[tensor].values(range, scratch), words: range.count)
        }
      }
    }
    var state = Mixer()
    for (key, value) in settings {
      state.add(key)
      state.add(value)
    }
    var next = 0
    for (index, tensor) in sorted.enumerated() {
      state.add(tensor.name)
      state.add(UInt64(tensor.shape.count))
      for extent in tensor.shape { state.add(UInt64(extent)) }
      while next < jobs.count, jobs[next].tensor == index {
        state.add(hashes[next])
        next += 1
      }
    }
    return state.hexadecimal
  }

  /// Four lanes of multiply-and-fold over 8 bytes each; the rest goes through the first lane.
  private static func hash(_ start: UnsafeRawPointer, words: Int) -> UInt64 {
    var a = Mixer(seed: 1)
    var b = Mixer(seed: 2)
    var c = Mixer(seed: 3)
    var d = Mixer(seed: 4)
    var at = start
    let end = start + words * 4
    while end - at >= 32 {
      a.add(at.loadUnaligned(as: UInt64.self))
      b.add(at.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      c.add(at.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
      d.add(at.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
      at += 32
    }
    while at < end {
      a.add(UInt64(at.loadUnaligned(as: UInt32.self)))
      at += 4
    }
    a.add(b.value)
    a.add(c.value)
    a.add(d.value)
    a.add(UInt64(words))
    return a.value
  }
}
