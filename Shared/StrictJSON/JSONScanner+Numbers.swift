// SPDX-License-Identifier: MIT

extension JSONScanner {
  /// Reads a number, which must come next.
  public mutating func number() throws(JSONError) -> JSONValue {
    guard peek() != nil else { throw unexpected("a number") }
    let start = offset
    var at = start
    let isNegative = bytes[at] == UInt8(ascii: "-")
    if isNegative { at += 1 }

    var mantissa: UInt64 = 0  // all digits, without the point
    var isExact = true  // mantissa holds all of them
    var scale = 0  // power of ten
    func digits(_ fraction: Bool) throws(JSONError) {
      let first = at
      while at < bytes.count, case let digit = bytes[at] &- UInt8(ascii: "0"), digit < 10 {
        let (shifted, a) = mantissa.multipliedReportingOverflow(by: 10)
        let (sum, b) = shifted.addingReportingOverflow(UInt64(digit))
        if a || b { isExact = false } else { mantissa = sum }
        if fraction { scale -= 1 }
        at += 1
      }
      if at == first { throw JSONError("a number without digits", at: start) }
    }
    let first = at
    try digits(false)
    if bytes[first] == UInt8(ascii: "0"), at > first + 1 { throw JSONError("a number with a leading zero", at: start) }
    var isInteger = true
    if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
      isInteger = false
      at += 1
      try digits(true)
    }
    if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      at += 1
      let isSmall = at < bytes.count && bytes[at] == UInt8(ascii: "-")
      if isSmall || (at < bytes.count && bytes[at] == UInt8(ascii: "+")) { at += 1 }
      let (savedMantissa, savedExact) = (mantissa, isExact)
      (mantissa, isExact) = (0, true)
      try digits(false)
      let exponent = isExact ? Int(min(mantissa, 100_000)) : 100_000
      (mantissa, isExact) = (savedMantissa, savedExact)
      scale += isSmall ? -exponent : exponent
    }
    advance(to: at)

    if isInteger, isExact, let value = Int(exactly: mantissa) { return .int(isNegative ? -value : value) }
    if isInteger, isExact, isNegative, mantissa == 1 << 63 { return .int(.min) }
    // Both factors are exact doubles, so that one rounding gives the nearest one (Clinger, PLDI 1990).
    if isExact, mantissa < 1 << 53, abs(scale) <= 22 {
      let value = scale < 0 ? Double(mantissa) / powersOfTen[-scale] : Double(mantissa) * powersOfTen[scale]
      return .double(isNegative ? -value : value)
    }
    guard let value = Double(String(decoding: bytes[start..<at], as: UTF8.self)), value.isFinite else {
      throw JSONError("a number beyond the range of 64-bit floats", at: start)
    }
    return .double(value)
  }
}

private let powersOfTen: [Double] = [
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21,
  1e22,
]
