// SPDX-License-Identifier: MIT

/// A JSON object: its members in the order of the text, found by key in constant time.
///
/// Two keys are the same where their bytes are: a vocabulary may hold "é" composed and decomposed, which Swift's own
/// string comparison takes for one.
public struct JSONObject: Sendable {
  public typealias Entry = (key: String, value: JSONValue)

  /// The members in order.
  public private(set) var entries: [Entry] = []
  /// Key → position in `entries`; empty while a linear search is quicker.
  private var positions: [Bytes: Int] = [:]

  private static let linearLimit = 8

  public init() {}

  public var count: Int { entries.count }
  public var isEmpty: Bool { entries.isEmpty }
  public var keys: [String] { entries.map(\.key) }

  /// Setting a key that exists keeps its place, a new one goes to the end, nil removes it (in linear time).
  public subscript(key: String) -> JSONValue? {
    get { position(of: key).map { entries[$0].value } }
    set {
      switch (position(of: key), newValue) {
      case (let position?, let value?):
        entries[position].value = value
      case (let position?, nil):
        entries.remove(at: position)
        positions = [:]
        if count > Self.linearLimit { index() }
      case (nil, let value?):
        append(key, value)
      case (nil, nil):
        break
      }
    }
  }

  /// Appends a member unless the key is there already; tells which.
  @discardableResult
  mutating func appendUnique(_ key: String, _ value: JSONValue) -> Bool {
    if position(of: key) != nil { return false }
    append(key, value)
    return true
  }

  private mutating func append(_ key: String, _ value: JSONValue) {
    entries.append((key, value))
    if count > Self.linearLimit {
      if positions.isEmpty { index() } else { positions[Bytes(key)] = count - 1 }
    }
  }

  private mutating func index() {
    for (position, entry) in entries.enumerated() { positions[Bytes(entry.key)] = position }
  }

  private func position(of key: String) -> Int? {
    if count <= Self.linearLimit { return entries.firstIndex { Bytes($0.key) == Bytes(key) } }
    return positions[Bytes(key)]
  }

  /// A string compared byte by byte.
  private struct Bytes: Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (a: Bytes, b: Bytes) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

    func hash(into hasher: inout Hasher) {
      let isHashed: Void? = text.utf8.withContiguousStorageIfAvailable { hasher.combine(bytes: .init($0)) }
      if isHashed == nil { for byte in text.utf8 { hasher.combine(byte) } }
    }
  }
}

extension JSONObject: Equatable {
  /// The same members, in whatever order.
  public static func == (a: JSONObject, b: JSONObject) -> Bool {
    a.count == b.count && a.entries.allSatisfy { b[$0.key] == $0.value }
  }
}

extension JSONObject: Sequence {
  public func makeIterator() -> IndexingIterator<[Entry]> { entries.makeIterator() }
  public var underestimatedCount: Int { count }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    for (key, value) in elements { self[key] = value }
  }
}
