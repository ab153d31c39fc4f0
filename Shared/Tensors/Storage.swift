// SPDX-License-Identifier: MIT
// Memory of tensors: 64-byte aligned, recycled, or borrowed from somebody who keeps it alive (a mapped file).
import CKernels
import Glibc
import Synchronization

/// A block of f32 values, owned (aligned to 64 bytes, contents undefined until written) or borrowed.
public final class Storage: @unchecked Sendable {
  public let pointer: UnsafeMutablePointer<Float>
  public let count: Int
  private let owner: AnyObject?

  /// An own block of `count` undefined values.
  public init(count: Int) {
    self.count = count
    self.pointer = BlockPool.shared.take(count: count)
    self.owner = nil
  }

  /// Values that live as long as `owner`; nobody may write through a read-only mapping.
  public init(borrowing pointer: UnsafePointer<Float>, count: Int, owner: AnyObject) {
    self.pointer = UnsafeMutablePointer(mutating: pointer)
    self.count = count
    self.owner = owner
  }

  /// True where the values belong to this block and may be written.
  public var isOwned: Bool { owner == nil }

  deinit { if owner == nil { BlockPool.shared.give(pointer, count: count) } }
}

/// Recycles blocks: a training step asks for the same sizes again and again, and fresh pages cost more than the arithmetic
/// that fills them. Sizes are rounded up to an eighth of a power of two, so at most 12.5 % is wasted.
private final class BlockPool: @unchecked Sendable {
  static let shared = BlockPool()

  private struct State {
    var free: [Int: [UnsafeMutablePointer<Float>]] = [:]
    var cachedBytes = 0
  }
  private let state = Mutex(State())
  private let cacheLimit = 768 << 20
  private static let largeBlock = 8 << 20

  private static func sizeClass(_ count: Int) -> Int {
    guard count > 64 else { return 64 }
    let step = max(16, 1 << (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount - 3))
    return (count + step - 1) / step * step
  }

  func take(count: Int) -> UnsafeMutablePointer<Float> {
    let size = Self.sizeClass(count)
    let recycled: UInt = state.withLock { state in
      guard let block = state.free[size]?.popLast() else { return 0 }
      state.cachedBytes -= size * 4
      return UInt(bitPattern: block)
    }
    if let block = UnsafeMutablePointer<Float>(bitPattern: recycled) { return block }
    // Huge pages for large blocks: a first touch then costs one page fault for 2 MiB, not 512.
    let alignment = size * 4 >= Self.largeBlock ? 2 << 20 : 64
    let bytes = (size * 4 + alignment - 1) / alignment * alignment
    guard let fresh = aligned_alloc(alignment, bytes) else {
      let line = "out of memory: a block of \(size * 4) bytes was refused; use a smaller batch\n"
      _ = line.utf8CString.withUnsafeBytes { write(2, $0.baseAddress, $0.count - 1) }
      exit(70)
    }
    if bytes >= Self.largeBlock { madvise(fresh, bytes, MADV_HUGEPAGE) }
    return fresh.assumingMemoryBound(to: Float.self)
  }

  func give(_ block: UnsafeMutablePointer<Float>, count: Int) {
    let size = Self.sizeClass(count)
    let address = UInt(bitPattern: block)
    let kept = state.withLock { state in
      guard state.cachedBytes + size * 4 <= cacheLimit else { return false }
      state.cachedBytes += size * 4
      if let block = UnsafeMutablePointer<Float>(bitPattern: address) { state.free[size, default: []].append(block) }
      return true
    }
    if !kept { free(block) }
  }
}
