// SPDX-License-Identifier: MIT
import Glibc

/// Memory that tensors share: allocated, or mapped from a file. It lives as long as anything refers to it.
///
/// The bytes may be written only by whoever knows to hold the sole reference; after that they never change, which is
/// what makes sharing between threads safe.
final class ByteStorage: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let count: Int
  private let isMapped: Bool

  /// Uninitialised bytes, aligned to 64.
  init(count: Int) {
    var pointer: UnsafeMutableRawPointer?
    guard posix_memalign(&pointer, 64, max(count, 64)) == 0, let pointer else {
      // No stream's claim leads here: a buffer grows with the bytes that have arrived. Nothing may be allocated now.
      let line: StaticString = "out of memory: a frame does not fit this machine's memory\n"
      _ = write(2, line.utf8Start, line.utf8CodeUnitCount)
      _exit(70)
    }
    base = pointer
    self.count = count
    isMapped = false
  }

  /// The first `count` bytes of an open file, read-only; nil where it cannot be mapped.
  init?(mapping descriptor: Int32, count: Int) {
    guard count > 0, let pointer = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), pointer != MAP_FAILED else {
      return nil
    }
    base = pointer
    self.count = count
    isMapped = true
  }

  convenience init(copying bytes: UnsafeRawBufferPointer) {
    self.init(count: bytes.count)
    if let source = bytes.baseAddress { base.copyMemory(from: source, byteCount: bytes.count) }
  }

  deinit {
    if isMapped { munmap(base, count) } else { free(base) }
  }

  /// Says that the pages before `offset` are not needed soon, so that a long file does not fill memory. They are read
  /// again from the file where something still refers to them.
  func release(from start: Int, upTo offset: Int) {
    guard isMapped else { return }
    let page = 4096
    let first = (start + page - 1) / page * page
    let last = offset / page * page
    if last > first { madvise(base + first, last - first, MADV_DONTNEED) }
  }

  func advise(_ advice: Int32) {
    if isMapped { madvise(base, count, advice) }
  }
}
