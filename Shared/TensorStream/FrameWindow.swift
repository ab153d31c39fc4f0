// SPDX-License-Identifier: MIT
// Contiguous bytes at the reader's position, out of a mapped file or a buffer that is refilled.
import Glibc

final class FrameWindow {
  private(set) var storage: ByteStorage
  /// The reader's position in `storage`.
  private(set) var start = 0
  private var end: Int
  /// Nil where the whole input is mapped.
  private let source: (any ByteSource)?
  private var releasedUpTo = 0

  /// Enough for many small frames at once; a larger frame makes the buffer grow.
  private static let capacity = 1 << 18

  init(mapped storage: ByteStorage) {
    self.storage = storage
    end = storage.count
    source = nil
    storage.advise(MADV_SEQUENTIAL)
  }

  init(_ source: any ByteSource) {
    storage = ByteStorage(count: Self.capacity)
    end = 0
    self.source = source
  }

  /// The bytes at hand from the position on.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: storage.base + start, count: end - start) }

  /// Brings `count` bytes to hand, or all that are left; returns how many there are.
  ///
  /// Memory grows with what arrives, not with what is asked for: a frame's stated size is only a claim.
  func require(_ count: Int) throws -> Int {
    guard let source else { return end - start }
    while end - start < count {
      if end == storage.count || start + min(count, Self.capacity) > storage.count { makeRoom(for: count) }
      let free = storage.count - end
      // A large frame is read alone, so that the start of the next one need not be moved.
      let wanted = count > Self.capacity ? min(free, count - (end - start)) : free
      let received = try source.read(into: UnsafeMutableRawBufferPointer(start: storage.base + end, count: wanted))
      if received == 0 { break }
      end += received
    }
    return end - start
  }

  func advance(by count: Int) {
    start += count
    if start - releasedUpTo >= 16 << 20 {
      storage.release(from: releasedUpTo, upTo: start)
      releasedUpTo = start
    }
  }

  /// Moves the bytes at hand to the start of a buffer with free space: the same one unless frames still refer to it.
  private func makeRoom(for count: Int) {
    let held = end - start
    let wanted = max(Self.capacity, min(count, 2 * held))
    if start > 0, storage.count >= wanted, isKnownUniquelyReferenced(&storage) {
      memmove(storage.base, storage.base + start, held)
    } else {
      let larger = ByteStorage(count: wanted)
      memcpy(larger.base, storage.base + start, held)
      storage = larger
    }
    (start, end) = (0, held)
  }
}
