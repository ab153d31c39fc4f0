// SPDX-License-Identifier: MIT
// Numbers in running text.
import Characters

/// A decimal number, exactly: ±0.d₁d₂d₃… · 10^power. Two are equal where their values are; no power is too large.
struct DecimalNumber: Sendable, Hashable {
  private let isNegative: Bool
  /// Without zeros at either end; empty is zero.
  private let digits: [UInt8]
  private let power: Int

  /// - Parameter numeral: a sign if any, digits with or without a point, an exponent if any.
  init?(_ numeral: ArraySlice<UInt8>) {
    var rest = numeral
    var isNegative = false
    if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
      isNegative = sign == UInt8(ascii: "-")
      rest = rest.dropFirst()
    }
    var exponent = 0
    if let mark = rest.firstIndex(where: { $0 | 0x20 == UInt8(ascii: "e") }) {
      guard let value = Int(String(decoding: rest[(mark + 1)...], as: UTF8.self)), abs(value) < 1 << 40 else {
        return nil
      }
      exponent = value
      rest = rest[..<mark]
    }
    let point = rest.firstIndex(of: UInt8(ascii: "."))
    let whole = rest[..<(point ?? rest.endIndex)]
    let digits = whole + (point.map { rest[($0 + 1)...] } ?? [])
    guard !digits.isEmpty, digits.allSatisfy(\.isDigit) else { return nil }
    let leading = digits.prefix { $0 == UInt8(ascii: "0") }.count
    let significant = digits.dropFirst(leading)
    let trailing = significant.reversed().prefix { $0 == UInt8(ascii: "0") }.count
    self.digits = Array(significant.dropLast(trailing))
    power = self.digits.isEmpty ? 0 : whole.count - leading + exponent
    self.isNegative = isNegative && !self.digits.isEmpty
  }
}

/// Finds the numbers of a text, from left to right.
struct NumeralScanner {
  private let bytes: ArraySlice<UInt8>
  private var at: Int
  /// Whether "1,000" is one number; otherwise commas part numbers.
  private let hasGroups: Bool

  init(_ bytes: ArraySlice<UInt8>, hasGroups: Bool) {
    self.bytes = bytes
    self.hasGroups = hasGroups
    at = bytes.startIndex
  }

  /// The next number without its commas, as Swift's `Double` reads it; nil behind the last. Digits that belong to a
  /// word ("bbox_2d") are no number, those in front of one ("3D") are.
  mutating func next() -> [UInt8]? {
    while at < bytes.endIndex {
      let byte = bytes[at]
      let isStart = byte.isDigit || (byte == UInt8(ascii: ".") && isDigit(at + 1))
      guard isStart, at == bytes.startIndex || !bytes[at - 1].isASCIIWordPart else {
        at += 1
        continue
      }
      return number()
    }
    return nil
  }

  private mutating func number() -> [UInt8] {
    var numeral: [UInt8] = []
    if isNegative { numeral.append(UInt8(ascii: "-")) }
    let start = at
    takeDigits(&numeral)
    if hasGroups, (1...3).contains(at - start) {
      while at < bytes.endIndex, bytes[at] == UInt8(ascii: ","), (1...3).allSatisfy({ isDigit(at + $0) }),
        !isDigit(at + 4)
      {
        numeral += bytes[(at + 1)...(at + 3)]
        at += 4
      }
    }
    if at < bytes.endIndex, bytes[at] == UInt8(ascii: "."), isDigit(at + 1) {
      if numeral.last?.isDigit != true { numeral.append(UInt8(ascii: "0")) }
      numeral.append(UInt8(ascii: "."))
      at += 1
      takeDigits(&numeral)
    }
    if at < bytes.endIndex, bytes[at] | 0x20 == UInt8(ascii: "e") {
      let isSigned =
        at + 1 < bytes.endIndex && (bytes[at + 1] == UInt8(ascii: "-") || bytes[at + 1] == UInt8(ascii: "+"))
      if isDigit(at + (isSigned ? 2 : 1)) {
        numeral += bytes[at..<at + (isSigned ? 2 : 1)]
        at += isSigned ? 2 : 1
        takeDigits(&numeral)
      }
    }
    return numeral
  }

  private mutating func takeDigits(_ numeral: inout [UInt8]) {
    while isDigit(at) {
      numeral.append(bytes[at])
      at += 1
    }
  }

  private func isDigit(_ index: Int) -> Bool { index < bytes.endIndex && bytes[index].isDigit }

  /// Whether a minus (ASCII's, or U+2212) stands right before. It belongs to the number unless something stands right
  /// before it ("3-4", "x-1").
  private var isNegative: Bool {
    let before = bytes[..<at]
    let isTypographic = before.suffix(3).elementsEqual([0xE2, 0x88, 0x92])
    guard isTypographic || before.last == UInt8(ascii: "-") else { return false }
    guard let left = before.dropLast(isTypographic ? 3 : 1).last else { return true }
    return !left.isASCIIWordPart && left != UInt8(ascii: ")") && left != UInt8(ascii: "]")
  }
}
