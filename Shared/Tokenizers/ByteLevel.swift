// SPDX-License-Identifier: MIT
// GPT-2's alphabet: each of the 256 bytes has a printable character, so that a vocabulary of byte strings can be
// written as JSON text. Printable Latin-1 stands for itself, the other bytes for U+0100 onwards in order.

enum ByteLevel {
  /// The character that stands for each byte.
  static let characters: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (0...255).map { (byte: UInt32) in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(UInt8(byte))
      default:
        defer { next += 1 }
        return Unicode.Scalar(next) ?? " "
      }
    }
  }()

  /// The UTF-8 form of each byte's character.
  static let utf8: [[UInt8]] = characters.map { Array(String($0).utf8) }

  private static let bytes: [Unicode.Scalar: UInt8] = Dictionary(
    uniqueKeysWithValues: characters.enumerated().map { ($1, UInt8($0)) })

  /// Appends the UTF-8 form of the character that stands for `byte`.
  @inline(__always)
  static func append(_ byte: UInt8, to text: inout [UInt8]) {
    if (0x21...0x7E).contains(byte) { text.append(byte) } else { text += utf8[Int(byte)] }
  }

  /// The text whose characters stand for `bytes`.
  static func text(_ bytes: some Sequence<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(characters[Int(byte)]) }
    return String(text)
  }

  /// The bytes that `token` stands for; its own UTF-8 if it holds a character outside the alphabet, as an added token
  /// may.
  static func bytes(of token: String) -> [UInt8] {
    var result: [UInt8] = []
    for scalar in token.unicodeScalars {
      guard let byte = bytes[scalar] else { return Array(token.utf8) }
      result.append(byte)
    }
    return result
  }
}
