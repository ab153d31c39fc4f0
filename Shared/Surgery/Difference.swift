// SPDX-License-Identifier: MIT
// How far two checkpoints are apart: what training changed, and that it changed nothing else.

import Checkpoints
import Glibc
import Layers
import Models
import Tensors

/// The change from one checkpoint to another, tensor by tensor. Tensors are matched by canonical name (by stored name
/// where they have none), so checkpoints of different key layouts, files and dtypes compare.
public struct CheckpointDifference: Sendable {
  /// One tensor that both have in the same shape.
  public struct Entry: Sendable {
    /// Canonical name.
    public let name: String
    /// nil: belongs to no part of the model.
    public let part: Part?
    public let count: Int
    /// Σ (b - a)² and Σ a², in f64.
    let squaredChange: Double, squaredNorm: Double
    /// max |b - a|; infinity where a value is not finite on one side alone.
    public let largestChange: Float
    /// Elements that differ.
    public let changedCount: Int

    /// ‖b - a‖.
    public var change: Double { squaredChange.squareRoot() }
    /// ‖a‖.
    public var norm: Double { squaredNorm.squareRoot() }
  }

  /// Sums over tensors.
  public struct Total: Sendable {
    public var tensors = 0, count = 0, changedTensors = 0, changedCount = 0
    var squaredChange = 0.0, squaredNorm = 0.0
    public var largestChange: Float = 0

    /// ‖b - a‖ over all elements.
    public var change: Double { squaredChange.squareRoot() }
    /// ‖a‖ over all elements.
    public var norm: Double { squaredNorm.squareRoot() }
    /// ‖b - a‖ / ‖a‖; 0 where nothing changed.
    public var relativeChange: Double { squaredChange == 0 ? 0 : change / norm }

    mutating func add(_ entry: Entry) {
      tensors += 1
      count += entry.count
      changedCount += entry.changedCount
      if entry.changedCount > 0 { changedTensors += 1 }
      squaredChange += entry.squaredChange
      squaredNorm += entry.squaredNorm
      largestChange = max(largestChange, entry.largestChange)
    }
  }

  /// Sorted by name.
  public private(set) var entries: [Entry] = []
  /// Names that only one side has, sorted.
  public private(set) var onlyInFirst: [String] = [], onlyInSecond: [String] = []
  /// Names that both have in different shapes, sorted.
  public private(set) var reshaped: [(name: String, first: [Int], second: [Int])] = []

  /// Compares every floating-point tensor (integers by their bytes).
  public init(from a: Checkpoint, to b: Checkpoint) {
    let first = Self.byName(a)
    let second = Self.byName(b)
    onlyInFirst = first.keys.filter { second[$0] == nil }.sorted()
    onlyInSecond = second.keys.filter { first[$0] == nil }.sorted()
    for (name, old) in first.sorted(by: { $0.key < $1.key }) {
      guard let new = second[name] else { continue }
      if old.shape != new.shape {
        reshaped.append((name, old.shape, new.shape))
      } else {
        entries.append(Self.compare(name, old, new))
      }
    }
  }

  /// The sum over a part's tensors (nil: those that belong to none).
  public func total(of part: Part?) -> Total {
    var total = Total()
    for entry in entries where entry.part == part { total.add(entry) }
    return total
  }

  private static func byName(_ checkpoint: Checkpoint) -> [String: StoredTensor] {
    var table: [String: StoredTensor] = [:]
    for name in checkpoint.names {
      table[checkpoint.canonicalName(ofStored: name) ?? name] = checkpoint.tensor(name)
    }
    return table
  }

  private static func compare(_ name: String, _ a: StoredTensor, _ b: StoredTensor) -> Entry {
    let part = Part(ofCanonical: name)
    guard a.dtype.isFloatingPoint, b.dtype.isFloatingPoint else {
      let isSame = a.dtype == b.dtype && a.withUnsafeBytes { a in b.withUnsafeBytes { a.elementsEqual($0) } }
      return Entry(
        name: name, part: part, count: a.count, squaredChange: isSame ? 0 : .infinity, squaredNorm: 0,
        largestChange: isSame ? 0 : .infinity, changedCount: isSame ? 0 : a.count)
    }
    let size = 1 << 16
    let chunks = (a.count + size - 1) / size
    var parts = [(change: Double, norm: Double, largest: Float, changed: Int)](repeating: (0, 0, 0, 0), count: chunks)
    parts.withUnsafeMutableBufferPointer { parts in
      nonisolated(unsafe) let parts = parts
      parallelFor(chunks: chunks) { chunk in
        let range = chunk * size..<min(a.count, (chunk + 1) * size)
        let x = Storage(count: range.count)
        let y = Storage(count: range.count)
        a.readFloats(range, into: x.pointer)
        b.readFloats(range, into: y.pointer)
        var sum = (change: 0.0, norm: 0.0, largest: Float(0), changed: 0)
        for index in 0..<range.count {
          let old = x.pointer[index]
          let new = y.pointer[index]
          sum.norm += Double(old) * Double(old)
          if old.bitPattern == new.bitPattern || old == new { continue }
          let change = new - old
          sum.changed += 1
          sum.change += Double(change) * Double(change)
          sum.largest = max(sum.largest, change.isNaN ? .infinity : abs(change))
        }
        parts[chunk] = sum
      }
    }
    return Entry(
      name: name, part: part, count: a.count, squaredChange: parts.reduce(0) { $0 + $1.change },
      squaredNorm: parts.reduce(0) { $0 + $1.norm }, largestChange: parts.map(\.largest).max() ?? 0,
      changedCount: parts.reduce(0) { $0 + $1.changed })
  }
}
