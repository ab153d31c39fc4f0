// SPDX-License-Identifier: MIT
// What the pre-tokenizer's regular expression asks of a Unicode scalar, as one table lookup.

/// Properties of a scalar, as Hugging Face's regex engines see them.
struct ScalarClass: OptionSet, Sendable {
  let rawValue: UInt8
  static let letter = ScalarClass(rawValue: 1)
  static let number = ScalarClass(rawValue: 2)
  static let space = ScalarClass(rawValue: 4)
  /// Carriage return or line feed (a space too).
  static let newline = ScalarClass(rawValue: 8)
  /// `\w` of Rust's regex: what may not stand beside a `single_word` added token.
  static let word = ScalarClass(rawValue: 16)
  /// NFC may change a text that holds this scalar: it decomposes, combines, or composes with the scalar before it.
  static let unstable = ScalarClass(rawValue: 32)

  /// The classes of every scalar, indexed by its number. 1.1 MB, filled from the ranges in well under a millisecond.
  static let table: [ScalarClass] = {
    var table = [UInt8](repeating: 0, count: 0x110000)
    func mark(_ ranges: [UInt32], _ bit: ScalarClass) {
      for i in stride(from: 0, to: ranges.count, by: 2) {
        for scalar in ranges[i]...ranges[i + 1] { table[Int(scalar)] |= bit.rawValue }
      }
    }
    mark(UnicodeTables.letters, .letter)
    mark(UnicodeTables.numbers, .number)
    mark(UnicodeTables.spaces, .space)
    mark(UnicodeTables.words, .word)
    mark([0x0A, 0x0A, 0x0D, 0x0D], .newline)
    mark(Normalization.unstableRanges, .unstable)
    return table.map { ScalarClass(rawValue: $0) }
  }()
}

extension UnsafeBufferPointer<UInt8> {
  /// The scalar that starts at `index` of valid UTF-8, and its length in bytes.
  @inline(__always)
  func scalar(at index: Int) -> (value: UInt32, length: Int) {
    let b0 = UInt32(self[index])
    if b0 < 0x80 { return (b0, 1) }
    let b1 = UInt32(self[index + 1] & 0x3F)
    if b0 < 0xE0 { return ((b0 & 0x1F) << 6 | b1, 2) }
    let b2 = UInt32(self[index + 2] & 0x3F)
    if b0 < 0xF0 { return ((b0 & 0x0F) << 12 | b1 << 6 | b2, 3) }
    return ((b0 & 0x07) << 18 | b1 << 12 | b2 << 6 | UInt32(self[index + 3] & 0x3F), 4)
  }
}
