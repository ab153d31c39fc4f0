// SPDX-License-Identifier: MIT
// Tokens become text again, one at a time.

import StrictJSON

/// The "decoder" of a tokenizer.json.
struct TokenDecoder: Sendable {
  /// Tokens are written in GPT-2's alphabet of bytes.
  var isByteLevel = true
  /// Done to each token's text, in order.
  var replacements = Normalizer()
  /// "<0x0A>" stands for a byte.
  var fallsBackToBytes = false
  /// How many of these at the start of a text are dropped.
  var stripped: (text: [UInt8], count: Int) = ([], 0)
  /// What goes wherever it stands in the first token ("Metaspace").
  var droppedFromFirst: [UInt8]?

  /// The bytes that a token adds to a text: a part of a character, it may be.
  func bytes(of token: String, isFirst: Bool) -> [UInt8] {
    if isByteLevel { return ByteLevel.bytes(of: token) }
    var bytes: [UInt8]
    if let byte = byte(of: token) {
      bytes = [byte]
    } else {
      bytes = Array(token.utf8)
      if isFirst, let mark = droppedFromFirst { bytes = bytes.replacing(mark, by: []) }
      bytes = replacements(bytes)
    }
    if isFirst {
      var left = stripped.count
      while left > 0, !stripped.text.isEmpty, bytes.starts(with: stripped.text) {
        bytes.removeFirst(stripped.text.count)
        left -= 1
      }
    }
    return bytes
  }

  /// The byte that "<0x0A>" and its like stand for.
  func byte(of token: String) -> UInt8? {
    guard fallsBackToBytes, token.utf8.count == 6, token.hasPrefix("<0x"), token.hasSuffix(">") else { return nil }
    let digits = token.dropFirst(3).dropLast()
    return digits.allSatisfy(\.isHexDigit) ? UInt8(digits, radix: 16) : nil  // alone it would take "+A" too
  }
}

extension TokenDecoder {
  /// The decoder of a vocabulary that is not in the byte-level alphabet.
  init(json: JSONValue?) throws {
    isByteLevel = false
    guard let json, json != .null else { return }
    for step in json["type"]?.string == "Sequence" ? json["decoders"]?.array ?? [] : [json] {
      switch step["type"]?.string {
      case "Replace": replacements.steps.append(try Normalizer.replacement(step))
      case "ByteFallback": fallsBackToBytes = true
      case "Fuse": break
      case "Strip" where (step["stop"]?.int ?? 0) == 0:
        stripped = (Array((step["content"]?.string ?? " ").utf8), step["start"]?.int ?? 0)
      case "Metaspace":
        let metaspace = try Metaspace(json: step)
        replacements.steps.append(.replace(metaspace.mark, with: [0x20]))
        if metaspace.scheme != .never { droppedFromFirst = metaspace.mark }
      default:
        throw TokenizerError.unsupported(
          feature: "\"decoder\"", found: step.text(),
          supported: "Replace, ByteFallback, Fuse, Strip at the start, Metaspace, ByteLevel")
      }
    }
  }
}
