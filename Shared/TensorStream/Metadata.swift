// SPDX-License-Identifier: MIT

/// A frame's strings (`__metadata__` of its safetensors header), in order.
///
/// Few entries are expected: a look-up goes through them.
public struct Metadata: Sendable {
  public typealias Entry = (key: String, value: String)

  public private(set) var entries: [Entry] = []

  public init() {}

  /// In the order of the keys, so that the same dictionary always gives the same bytes.
  public init(_ dictionary: [String: String]) {
    entries = dictionary.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { ($0.key, $0.value) }
  }

  /// Entries whose keys are known to differ.
  init(unique entries: [Entry]) { self.entries = entries }

  public var count: Int { entries.count }
  public var isEmpty: Bool { entries.isEmpty }
  public var keys: [String] { entries.map(\.key) }

  /// Setting a key that exists keeps its place, a new one goes to the end, nil removes it.
  public subscript(key: String) -> String? {
    get { entries.first { $0.key == key }?.value }
    set {
      let position = entries.firstIndex { $0.key == key }
      switch (position, newValue) {
      case (let position?, let value?): entries[position].value = value
      case (let position?, nil): entries.remove(at: position)
      case (nil, let value?): entries.append((key, value))
      case (nil, nil): break
      }
    }
  }

  /// Removes the entry and returns its value.
  mutating func take(_ key: MetadataKey) -> String? {
    guard let position = entries.firstIndex(where: { $0.key == key.description }) else { return nil }
    return entries.remove(at: position).value
  }
}

extension Metadata: Sequence {
  public func makeIterator() -> IndexingIterator<[Entry]> { entries.makeIterator() }
  public var underestimatedCount: Int { count }
}

extension Metadata: Equatable {
  /// The same entries in the same order.
  public static func == (a: Metadata, b: Metadata) -> Bool {
    a.entries.elementsEqual(b.entries) { $0.key == $1.key && $0.value == $1.value }
  }
}

extension Metadata: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, String)...) {
    for (key, value) in elements { self[key] = value }
  }
}
