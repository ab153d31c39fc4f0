// SPDX-License-Identifier: MIT
// Two hash tables with open addressing. A tokenizer.json with 151,000 tokens asks for half a million look-ups while it
// loads, and String keys (hashed by their normalised form) would make that the slowest part of starting a tool.
import Digests

/// Token text (as UTF-8) to id.
struct TokenTable: Sendable {
  private var slots: [Int32]  // index of an entry, or -1
  private var ends: [Int] = []  // where each entry's text ends in `texts`
  private var texts: [UInt8] = []
  private var ids: [Int32] = []

  init(capacity: Int) {
    var size = 64
    while size < capacity * 2 { size *= 2 }
    slots = [Int32](repeating: -1, count: size)
    ends.reserveCapacity(capacity)
    ids.reserveCapacity(capacity)
  }

  /// Adds a token; false if its text is there already. At most `capacity` tokens may be added.
  mutating func insert(_ text: UnsafeBufferPointer<UInt8>, id: Int32) -> Bool {
    precondition(ids.count * 2 < slots.count, "the table is full")
    let slot = slot(of: text)
    guard slots[slot] < 0 else { return false }
    slots[slot] = Int32(ids.count)
    texts.append(contentsOf: text)
    ends.append(texts.count)
    ids.append(id)
    return true
  }

  func id(of text: UnsafeBufferPointer<UInt8>) -> Int32? {
    let entry = slots[slot(of: text)]
    return entry < 0 ? nil : ids[Int(entry)]
  }

  private func slot(of text: UnsafeBufferPointer<UInt8>) -> Int {
    let hash = FNV1a(text).value
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash ^ hash >> 32) & mask
    while slots[slot] >= 0, !matches(Int(slots[slot]), text) { slot = (slot + 1) & mask }
    return slot
  }

  private func matches(_ entry: Int, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
    let start = entry == 0 ? 0 : ends[entry - 1]
    guard ends[entry] - start == text.count else { return false }
    for i in 0..<text.count where texts[start + i] != text[i] { return false }
    return true
  }
}

extension TokenTable {
  func id(of text: [UInt8]) -> Int32? { text.withUnsafeBufferPointer { id(of: $0) } }
  func id(of text: String) -> Int32? {
    var text = text
    return text.withUTF8 { id(of: $0) }
  }
}

/// A pair of adjacent tokens to its rank and the token that both become.
struct MergeTable: Sendable {
  struct Merge: Sendable {
    var rank: Int32
    var result: Int32
  }
  private static let empty = UInt64.max
  private var keys: [UInt64]
  private var merges: [Merge]
  private var count = 0

  init(capacity: Int) {
    var size = 64
    while size < capacity * 2 { size *= 2 }
    keys = [UInt64](repeating: Self.empty, count: size)
    merges = [Merge](repeating: Merge(rank: 0, result: 0), count: size)
  }

  /// A pair that occurs again gets the later rank, as in the reference.
  mutating func insert(_ left: Int32, _ right: Int32, _ merge: Merge) {
    precondition(count * 2 < keys.count, "the table is full")
    let key = Self.key(left, right)
    let slot = slot(of: key)
    if keys[slot] == Self.empty { count += 1 }
    keys[slot] = key
    merges[slot] = merge
  }

  @inline(__always)
  func merge(_ left: Int32, _ right: Int32) -> Merge? {
    let key = Self.key(left, right)
    let slot = slot(of: key)
    return keys[slot] == key ? merges[slot] : nil
  }

  @inline(__always)
  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  @inline(__always)
  private func slot(of key: UInt64) -> Int {
    let mask = keys.count - 1
    var slot = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 24) & mask
    while keys[slot] != Self.empty, keys[slot] != key { slot = (slot + 1) & mask }
    return slot
  }
}
