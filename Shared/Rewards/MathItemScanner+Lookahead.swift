// SPDX-License-Identifier: MIT
import Characters

extension MathItemScanner {
  /// Whether an operation with another operand begins here.
  func beginsOperation(_ index: Int, isSpaced: Bool) -> Bool {
    guard index < end else { return false }
    let first = byte(index)
    if "=<>^_|".utf8.contains(first) { return !isArrow(index) }
    for sign in ["×", "·", "⋅", "÷", "≤", "≥", "≠", "≈", "±", "²", "³", "∈", "°"]
    where text[index..<end].starts(with: sign.utf8) {
      return true
    }
    guard "+-*/:".utf8.contains(first) else { return kind == .operand && first.isDigit }
    var next = index + 1
    if first == UInt8(ascii: ":") {
      return (byte(next) != 32) == !isSpaced && (isOperand(next) || byte(next) == 32 && isOperand(next + 1))
    }
    let isTight = byte(next) != 32
    if isSpaced && isTight && first == UInt8(ascii: "-") { return false }  // "a -5"
    while byte(next) == 32, next < end { next += 1 }
    return isOperand(next)
  }

  /// A digit, or a name of one letter or of capitals.
  func isOperand(_ index: Int) -> Bool {
    let first = byte(index)
    if first.isDigit || "(\\.-".utf8.contains(first) || (0xCE...0xCF).contains(first) { return index < end }
    guard first.isLetter else {
      let rest = text[min(index, end)..<end]
      return ["√", "∛", "€", "£", "¥", "₹"].contains { rest.starts(with: $0.utf8) }
    }
    var stop = index
    while byte(stop).isLetter { stop += 1 }
    let word = text[index..<stop]
    return word.count == 1 || word.allSatisfy(\.isCapital)
      || Self.functions.contains(String(decoding: word, as: UTF8.self))
  }

  /// Where <|im_end|>, </answer> and the like end.
  func tagEnd(_ index: Int) -> Int? {
    guard byte(index) == UInt8(ascii: "<"), byte(index + 1).isLetter || "|/".utf8.contains(byte(index + 1)) else {
      return nil
    }
    var stop = index + 1
    while stop - index < 32, byte(stop).isASCIIWordPart || "|/-".utf8.contains(byte(stop)) { stop += 1 }
    return byte(stop) == UInt8(ascii: ">") && stop > index + 2 ? stop + 1 : nil
  }

  func isArrow(_ index: Int) -> Bool {
    byte(index) == UInt8(ascii: "=") && byte(index + 1) == UInt8(ascii: ">")
      || byte(index) == UInt8(ascii: "-") && byte(index + 1) == UInt8(ascii: ">")
  }
}
