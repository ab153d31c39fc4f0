// SPDX-License-Identifier: MIT
// Sums and products over a range of integers, and definite integrals.

extension Parser {
  /// What follows \sum, \prod or \int.
  mutating func ranged(_ operation: Operation) throws(Stop) -> Node {
    operation == .integral ? try integral() : try series(operation)
  }

  /// _{k=1}^{n} and the term. A term goes up to the next + or -, so a sum behind it must not use the name.
  private mutating func series(_ operation: Operation) throws(Stop) -> Node {
    guard takeSign("_"), take(.open(UInt8(ascii: "{"))), let name = indexName(), take(.relation(.equal)) else {
      throw .unparsable
    }
    let from = try sum()
    try expect(.close(UInt8(ascii: "}")))
    guard takeSign("^") else { throw .unparsable }
    let to = try operand()
    let body = try product()
    if next == .sign(UInt8(ascii: "+")) || next == .sign(UInt8(ascii: "-")), uses(name, from: at) { throw .unparsable }
    return .ranged(operation, name: name, from, to, body)
  }

  private mutating func indexName() -> String? {
    switch next {
    case .symbol(let name)?:
      at += 1
      return name
    case .i?:
      at += 1
      return "i"
    default: return nil
    }
  }

  private func uses(_ name: String, from start: Int) -> Bool {
    for token in tokens[start...] {
      if case .relation = token { return false }
      if token == .symbol(name) || (name == "i" && token == .i) { return true }
    }
    return false
  }

  /// _a^b f dx
  private mutating func integral() throws(Stop) -> Node {
    guard takeSign("_") else { throw .unparsable }
    let from = try bound()
    guard takeSign("^") else { throw .unparsable }
    let to = try bound()
    guard let end = differential(from: at), case .symbol(let name)? = name(of: end) else { throw .unparsable }
    var inside = try Parser(self, until: end)
    let body = inside.at == end ? Node.integer(1) : try inside.sum()
    guard inside.at == end else { throw .unparsable }
    at = end + (tokens[end] == .symbol("d") || tokens[end] == .word("d") ? 2 : 1)
    return .ranged(.integral, name: name, from, to, body)
  }

  private mutating func bound() throws(Stop) -> Node {
    if takeSign("-") { return .negative(try operand()) }
    return try operand()
  }

  /// Where the d of this integral's dx stands: each integral inside it has its own.
  private func differential(from start: Int) -> Int? {
    var open = 0
    for index in start..<tokens.count {
      if tokens[index] == .operation(.integral) { open += 1 }
      guard name(of: index) != nil else { continue }
      if open == 0 { return index }
      open -= 1
    }
    return nil
  }

  /// The x of dx, where one begins: "d" and a letter, or both as one word.
  private func name(of index: Int) -> Token? {
    switch tokens[index] {
    case .symbol("d"), .word("d"):
      guard index + 1 < tokens.count, case .symbol = tokens[index + 1] else { return nil }
      return tokens[index + 1]
    case .word(let word) where word.utf8.count == 2 && word.utf8.first == UInt8(ascii: "d"):
      return .symbol(String(word.dropFirst()))
    default: return nil
    }
  }
}
