// SPDX-License-Identifier: MIT
// Python's methods of str. Characters are code points there, so they are Unicode scalars here.

extension Interpreter {
  func call(method name: String, of text: String, _ arguments: Values) throws -> Value {
    try check(arguments, of: "the method \"\(name)\"", Self.methodParameters[name])
    func argument(_ index: Int, _ name: String = "") throws -> String? {
      switch arguments.value(index, name) {
      case nil, .some(.none): return nil
      case .string(let text)?: return text
      case let other?: throw error("\(other.kind) where a string was expected")
      }
    }
    func needed(_ index: Int) throws -> String {
      guard let text = try argument(index) else { throw error("the method \"\(name)\" needs a string") }
      return text
    }
    func number(_ index: Int, _ name: String) throws -> Int? {
      guard let value = arguments.value(index, name) else { return nil }
      if case .none = value { return nil }
      guard let number = value.int else { throw error("\(value.kind) where a whole number was expected") }
      return number
    }
    switch name {
    case "strip", "lstrip", "rstrip":
      let characters = try stripped(arguments.value(0, "chars"))
      return .string(try made(strip(text, characters, left: name != "rstrip", right: name != "lstrip")))
    case "upper": return .string(try made(text.uppercased()))
    case "lower": return .string(try made(text.lowercased()))
    case "capitalize":
      guard let first = text.unicodeScalars.first else { return .string("") }
      return .string(
        try made(first.properties.titlecaseMapping + String(text.unicodeScalars.dropFirst()).lowercased()))
    case "title": return .string(try made(titled(text)))
    case "startswith", "endswith":
      guard arguments.positional.count == 1 else { throw unsupported("\(name) with bounds is not supported") }
      let parts: [String]
      if case .tuple(let items) = arguments.positional[0] {
        parts = items.values.compactMap(\.string)
        guard parts.count == items.values.count else { throw error("\(name) needs strings") }
      } else {
        parts = [try needed(0)]
      }
      let utf8 = Array(text.utf8)
      return .bool(
        parts.contains { part in
          name == "startswith" ? utf8.starts(with: part.utf8) : utf8.reversed().starts(with: part.utf8.reversed())
        })
    case "removeprefix":
      let part = try needed(0)
      return .string(text.utf8.starts(with: part.utf8) ? String(text.unicodeScalars.dropFirst(part.scalarCount)) : text)
    case "removesuffix":
      let part = try needed(0)
      let ends = text.utf8.reversed().starts(with: part.utf8.reversed())
      return .string(ends ? String(text.unicodeScalars.dropLast(part.scalarCount)) : text)
    case "replace":
      let old = arguments.value(0, "old").flatMap(\.string)
      let new = arguments.value(1, "new").flatMap(\.string)
      guard let old, let new else { throw error("replace needs two strings") }
      return .string(try replaced(text, old, new, limit: number(2, "count")))
    case "split", "rsplit":
      let parts = try split(
        text, at: argument(0, "sep"), limit: number(1, "maxsplit") ?? -1, fromEnd: name == "rsplit")
      return try made(.list(Items(parts.map { .string($0) })))
    case "splitlines":
      guard arguments.positional.isEmpty, !text.unicodeScalars.contains(where: { $0 != "\n" && $0.isLineEnd }) else {
        throw unsupported("splitlines at other than \\n is not supported")
      }
      var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      if lines.last == "" { lines.removeLast() }
      return try made(.list(Items(lines.map { .string($0) })))
    case "join":
      guard let values = arguments.positional.first else { throw error("join needs strings") }
      var joined = ""
      for (index, element) in try elements(values).enumerated() {
        guard let part = element.string else { throw error("join of \(element.kind)") }
        try spend(bytes: part.utf8.count + text.utf8.count)
        joined += (index > 0 ? text : "") + part
      }
      return .string(joined)
    case "find", "rfind", "index", "count":
      guard arguments.positional.count == 1 else { throw unsupported("\(name) with bounds is not supported") }
      return try search(text, try needed(0), name)
    case "isspace":
      return .bool(!text.isEmpty && text.unicodeScalars.allSatisfy(\.isPythonSpace))
    case "isdigit" where text.utf8.allSatisfy({ $0 < 0x80 }):
      return .bool(!text.isEmpty && text.unicodeScalars.allSatisfy(\.isDigit))
    default: throw unsupported("the method \"\(name)\" of a string is not supported")
    }
  }

  /// The characters that a strip is told to take; nil for white space.
  func stripped(_ value: Value?) throws -> Set<Unicode.Scalar>? {
    switch value {
    case nil, .some(.none): return nil
    case .string(let text)?: return Set(text.unicodeScalars)
    case let other?: throw error("\(other.kind) where a string was expected")
    }
  }

  func strip(_ text: String, _ characters: Set<Unicode.Scalar>?, left: Bool, right: Bool) -> String {
    func goes(_ scalar: Unicode.Scalar) -> Bool { characters?.contains(scalar) ?? scalar.isPythonSpace }
    var rest = text.unicodeScalars[...]
    if left { rest = rest.drop(while: goes) }
    if right { while let last = rest.last, goes(last) { rest.removeLast() } }
    return String(rest)
  }

  /// A capital at the beginning of each run of letters.
  private func titled(_ text: String) -> String {
    var out = ""
    var isInWord = false
    for scalar in text.unicodeScalars {
      let properties = scalar.properties
      out += isInWord ? properties.lowercaseMapping : properties.titlecaseMapping
      isInWord = properties.isCased
    }
    return out
  }

  private func replaced(_ text: String, _ old: String, _ new: String, limit: Int?) throws -> String {
    guard !old.isEmpty else { throw unsupported("replacing the empty string is not supported") }
    let (bytes, part, other) = (Array(text.utf8), Array(old.utf8), Array(new.utf8))
    var out: [UInt8] = []
    var start = 0
    var left = limit.map { $0 < 0 ? Int.max : $0 } ?? Int.max
    while left > 0, let found = try position(of: part, in: bytes, from: start) {
      try spend(bytes: found - start + other.count)
      out += bytes[start..<found] + other
      start = found + part.count
      left -= 1
    }
    try spend(bytes: bytes.count - start)
    return String(decoding: out + bytes[start...], as: UTF8.self)
  }

  private func split(_ text: String, at separator: String?, limit: Int, fromEnd: Bool) throws -> [String] {
    guard let separator else {
      guard limit < 0 else { throw unsupported("split at white space with a limit is not supported") }
      return text.unicodeScalars.split(whereSeparator: \.isPythonSpace).map { String($0) }
    }
    guard !separator.isEmpty else { throw error("split at the empty string") }
    let (bytes, part) = (Array(text.utf8), Array(separator.utf8))
    // Found from the end, parts are those of the text read backwards.
    let (all, mark) = fromEnd ? (Array(bytes.reversed()), Array(part.reversed())) : (bytes, part)
    var parts: [[UInt8]] = []
    var start = 0
    while limit < 0 || parts.count < limit, let found = try position(of: mark, in: all, from: start) {
      parts.append(Array(all[start..<found]))
      start = found + mark.count
    }
    parts.append(Array(all[start...]))
    try spend(bytes: bytes.count)
    return (fromEnd ? parts.reversed().map { $0.reversed() } : parts).map { String(decoding: $0, as: UTF8.self) }
  }

  private func search(_ text: String, _ part: String, _ name: String) throws -> Value {
    guard !part.isEmpty else { throw unsupported("\(name) of the empty string is not supported") }
    let (bytes, mark) = (Array(text.utf8), Array(part.utf8))
    var found: [Int] = []
    var start = 0
    while let position = try position(of: mark, in: bytes, from: start) {
      found.append(position)
      if name == "find" || name == "index" { break }
      start = position + (name == "count" ? mark.count : 1)
    }
    if name == "count" { return .int(found.count) }
    guard let position = name == "rfind" ? found.last : found.first else {
      if name == "index" { throw error("index of a string that is not there") }
      return .int(-1)
    }
    return .int(String(decoding: bytes[..<position], as: UTF8.self).scalarCount)
  }
}

extension String {
  fileprivate var scalarCount: Int { unicodeScalars.count }
}

extension Unicode.Scalar {
  /// Where Python's `splitlines` cuts.
  fileprivate var isLineEnd: Bool {
    switch value {
    case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }
}
