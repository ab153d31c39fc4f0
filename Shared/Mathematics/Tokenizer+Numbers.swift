// SPDX-License-Identifier: MIT
// Numbers: thousands with commas, `{,}`, `,\!`, `\,` or spaces; decimals; exponents; repeating decimals.

extension Tokenizer {
  mutating func number(_ budget: Budget) throws(Stop) {
    var digits: [UInt8] = []
    let start = at
    takeDigits(into: &digits)
    let firstGroup = digits.count
    var groupEnd = at
    if firstGroup > 0, firstGroup <= 3, digits != [48] {
      while let next = thousands(after: groupEnd) {
        at = next
        takeDigits(into: &digits)
        groupEnd = at
      }
    }
    let wholeDigits = digits.count
    var isDecimal = false
    if byte(at) == UInt8(ascii: "."), isDigit(at + 1) || (wholeDigits > 0 && !isEllipsis(at)) {
      if isDigit(at + 1) || starts(with: "\\overline", at: at + 1) || starts(with: "\\dot{", at: at + 1) {
        isDecimal = true
        at += 1
        takeDigits(into: &digits)
      } else {
        at += 1  // "42." at the end of a sentence
        if at < end, byte(at) != UInt8(ascii: " "), byte(at) != UInt8(ascii: "\\") { throw .unparsable }
      }
    } else if commas == .point, !isInBrackets, byte(at) == UInt8(ascii: ","), isDigit(at + 1) {
      isDecimal = true
      at += 1
      takeDigits(into: &digits)
    }
    var exponent = wholeDigits - digits.count
    if let shift = scientific(isDecimal: isDecimal) {
      isDecimal = true
      exponent += shift
    }
    if abs(exponent) > 5_000 || digits.count > 6_200 { throw .unparsable }
    try budget.spend(digits.count * (1 + digits.count / 64))
    let mantissa = try Integer(digits: digits)
    let scale = try Integer(10).power(abs(exponent), budget)
    let value =
      exponent < 0 ? try Rational(mantissa, scale, budget) : Rational(try mantissa * scale)
    let places = max(0, -exponent)
    append(
      .number(
        Numeral(value: value, isDecimal: isDecimal, digits: isDecimal ? "" : text(start..<at), places: places)))
  }

  private mutating func takeDigits(into digits: inout [UInt8]) {
    while isDigit(at), let digit = byte(at) {
      digits.append(digit)
      at += 1
    }
  }

  private func isEllipsis(_ index: Int) -> Bool { byte(index + 1) == UInt8(ascii: ".") }

  /// Where the next group of exactly three digits begins, if what stands at `index` parts thousands.
  private func thousands(after index: Int) -> Int? {
    var next: Int
    if byte(index) == UInt8(ascii: ","), isDigit(index + 1) {
      guard commas == .thousands, !isInBrackets else { return nil }
      next = index + 1
    } else if let wide = separator(at: index) {
      next = wide
    } else {
      return nil
    }
    while byte(next) == UInt8(ascii: " ") { next += 1 }
    guard isDigit(next), isDigit(next + 1), isDigit(next + 2), !isDigit(next + 3) else { return nil }
    return next
  }

  /// `{,}`, `,\!`, `\,` and a single space need no guessing.
  private func separator(at index: Int) -> Int? {
    var at = index
    while byte(at) == UInt8(ascii: " ") { at += 1 }
    if byte(at) == UInt8(ascii: "{") {
      var inner = at + 1
      while byte(inner) == UInt8(ascii: " ") { inner += 1 }
      guard byte(inner) == UInt8(ascii: ",") else { return nil }
      inner += 1
      while byte(inner) == UInt8(ascii: " ") { inner += 1 }
      return byte(inner) == UInt8(ascii: "}") ? inner + 1 : nil
    }
    if starts(with: ",\\!", at: at) { return at + 3 }
    if starts(with: "\\,", at: at) || starts(with: "\\ ", at: at) { return at + 2 }
    // 1 000, but not 2 100/300: that could be a mixed number
    return at == index + 1 && byte(at + 3) != UInt8(ascii: "/") ? at : nil
  }

  /// The power of ten of 1.5e-3: in LaTeX the e after an integer is Euler's.
  private mutating func scientific(isDecimal: Bool) -> Int? {
    guard let mark = byte(at), mark | 0x20 == UInt8(ascii: "e"), !isLaTeX || isDecimal else { return nil }
    var index = at + 1
    let isNegative = byte(index) == UInt8(ascii: "-")
    if isNegative || byte(index) == UInt8(ascii: "+") { index += 1 }
    guard isDigit(index) else { return nil }
    var power = 0
    while isDigit(index), let digit = byte(index) {
      power = min(power * 10 + Int(digit) - 48, 1_000_000)
      index += 1
    }
    at = index
    return isNegative ? -power : power
  }

  /// 0.1\overline{6}: the digits under the line repeat for ever.
  mutating func repeatingDecimal(after numeral: Numeral, _ budget: Budget) throws(Stop) {
    guard let range = argument(), !range.isEmpty, range.count <= 64, range.allSatisfy({ isDigit($0) }) else {
      throw .unparsable
    }
    // The place of the last digit written: the numeral ends where the command began.
    var point = range.lowerBound
    while let byte = byte(point), byte != UInt8(ascii: "\\") { point -= 1 }
    var places = 0
    while point - 1 - places >= 0, isDigit(point - 1 - places) { places += 1 }
    if places > 64 { throw .unparsable }
    let period = try Integer(digits: slice(range))
    let nines = try Integer(10).power(range.count, budget) - .one
    let shift = try Integer(10).power(places, budget)
    let tail = try Rational(period, nines * shift, budget)
    let value = try numeral.value.adding(tail, budget)
    replaceLast(.number(Numeral(value: value, isDecimal: false, digits: "")))
  }
}
