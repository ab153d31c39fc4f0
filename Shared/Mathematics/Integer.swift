// SPDX-License-Identifier: MIT
// Integers of any size up to a limit: what an answer like 2^99 or 100! needs to be compared exactly.

/// An integer of at most `maxBits` bits. Machine words while they suffice, limbs beyond.
enum Integer: Hashable {
  case small(Int)
  /// |value| in base 2^32, least first, no leading zero; only for values that `small` cannot hold.
  case large(isNegative: Bool, [UInt32])

  /// 2004! has 19,081 bits.
  static let maxBits = 20_480

  static let zero = Integer.small(0)
  static let one = Integer.small(1)

  init(_ value: Int) { self = .small(value) }

  init(isNegative: Bool, limbs: [UInt32]) {
    var limbs = limbs
    while limbs.last == 0 { limbs.removeLast() }
    if limbs.count <= 2 {
      let magnitude = limbs.reversed().reduce(UInt64(0)) { $0 << 32 | UInt64($1) }
      if magnitude <= UInt64(Int.max) {
        self = .small(isNegative ? -Int(magnitude) : Int(magnitude))
        return
      }
      if isNegative, magnitude == UInt64(Int.max) + 1 {
        self = .small(.min)
        return
      }
    }
    self = .large(isNegative: isNegative, limbs)
  }

  /// The integer written with these decimal digits.
  init(digits: some Sequence<UInt8>) throws(Stop) {
    var value = 0
    var limbs: [UInt32] = []
    for digit in digits {
      if limbs.isEmpty {
        let (product, a) = value.multipliedReportingOverflow(by: 10)
        let (sum, b) = product.addingReportingOverflow(Int(digit) - 48)
        if !a && !b {
          value = sum
          continue
        }
        limbs = Integer(value).limbs
      }
      if limbs.count * 32 > Self.maxBits { throw .overflow }
      var carry = UInt64(digit) - 48
      for place in limbs.indices {
        let product = UInt64(limbs[place]) * 10 + carry
        limbs[place] = UInt32(truncatingIfNeeded: product)
        carry = product >> 32
      }
      if carry > 0 { limbs.append(UInt32(carry)) }
    }
    self = limbs.isEmpty ? .small(value) : Integer(isNegative: false, limbs: limbs)
  }

  var isNegative: Bool {
    switch self {
    case .small(let value): value < 0
    case .large(let isNegative, _): isNegative
    }
  }
  var isZero: Bool { self == .zero }

  /// The value where a machine word holds it.
  var int: Int? {
    if case .small(let value) = self { return value }
    return nil
  }

  var limbs: [UInt32] {
    switch self {
    case .small(let value):
      let magnitude = value.magnitude
      if magnitude == 0 { return [] }
      let high = UInt32(truncatingIfNeeded: magnitude >> 32)
      return high == 0 ? [UInt32(magnitude)] : [UInt32(truncatingIfNeeded: magnitude), high]
    case .large(_, let limbs): return limbs
    }
  }

  /// The number of limbs: what an operation on it costs.
  var weight: Int {
    if case .large(_, let limbs) = self { return limbs.count }
    return 1
  }

  var bitWidth: Int {
    switch self {
    case .small(let value): return Int.bitWidth - value.magnitude.leadingZeroBitCount
    case .large(_, let limbs): return limbs.count * 32 - limbs[limbs.count - 1].leadingZeroBitCount
    }
  }

  var magnitude: Integer { isNegative ? -self : self }

  /// The nearest double, infinite beyond their range; within 2^-52 of the value.
  var double: Double {
    switch self {
    case .small(let value): return Double(value)
    case .large(let isNegative, let limbs):
      let top = limbs.suffix(3).reversed().reduce(0.0) { $0 * 0x1p32 + Double($1) }
      let value = Double(sign: .plus, exponent: 32 * max(0, limbs.count - 3), significand: top)
      return isNegative ? -value : value
    }
  }

  static prefix func - (value: Integer) -> Integer {
    switch value {
    case .small(let small) where small != .min: return .small(-small)
    default: return Integer(isNegative: !value.isNegative, limbs: value.limbs)
    }
  }

  static func + (a: Integer, b: Integer) throws(Stop) -> Integer {
    if case .small(let x) = a, case .small(let y) = b, case (let sum, false) = x.addingReportingOverflow(y) {
      return .small(sum)
    }
    let (x, y) = (a.limbs, b.limbs)
    if a.isNegative == b.isNegative {
      let sum = Limbs.sum(x, y)
      if sum.count * 32 > maxBits + 32 { throw .overflow }
      return Integer(isNegative: a.isNegative, limbs: sum)
    }
    return Limbs.isLess(x, y)
      ? Integer(isNegative: b.isNegative, limbs: Limbs.difference(y, x))
      : Integer(isNegative: a.isNegative, limbs: Limbs.difference(x, y))
  }

  static func - (a: Integer, b: Integer) throws(Stop) -> Integer { try a + -b }

  static func * (a: Integer, b: Integer) throws(Stop) -> Integer {
    if case .small(let x) = a, case .small(let y) = b, case (let product, false) = x.multipliedReportingOverflow(by: y)
    {
      return .small(product)
    }
    if a.bitWidth + b.bitWidth > maxBits { throw .overflow }
    return Integer(isNegative: a.isNegative != b.isNegative, limbs: Limbs.product(a.limbs, b.limbs))
  }

  static func < (a: Integer, b: Integer) -> Bool {
    if case .small(let x) = a, case .small(let y) = b { return x < y }
    if a.isNegative != b.isNegative { return a.isNegative }
    return a.isNegative ? Limbs.isLess(b.limbs, a.limbs) : Limbs.isLess(a.limbs, b.limbs)
  }

  /// Quotient rounded towards zero and remainder with the dividend's sign; the divisor is not zero.
  func dividing(by divisor: Integer) -> (quotient: Integer, remainder: Integer) {
    if case .small(let x) = self, case .small(let y) = divisor, !(x == .min && y == -1) {
      return (.small(x / y), .small(x % y))
    }
    let (quotient, remainder) = Limbs.quotient(limbs, divisor.limbs)
    return (
      Integer(isNegative: isNegative != divisor.isNegative, limbs: quotient),
      Integer(isNegative: isNegative, limbs: remainder)
    )
  }

  /// The greatest common divisor, not negative.
  static func gcd(_ a: Integer, _ b: Integer, _ budget: Budget) throws(Stop) -> Integer {
    if a == .one || b == .one { return .one }
    var (x, y) = (a.magnitude, b.magnitude)
    while !y.isZero {
      if y.weight > 1 { try budget.spend(1 + y.weight / 8) }
      (x, y) = (y, x.dividing(by: y).remainder)
    }
    return x
  }

  /// self^exponent, for an exponent of 0 or more.
  func power(_ exponent: Int, _ budget: Budget) throws(Stop) -> Integer {
    if exponent == 0 { return .one }
    if limbs == [1] { return isNegative && exponent % 2 == 0 ? .one : self }
    if isZero { return self }
    let (bits, overflow) = (bitWidth - 1).multipliedReportingOverflow(by: exponent)
    if overflow || bits > Self.maxBits { throw .overflow }
    var (result, square, rest) = (Integer.one, self, exponent)
    while true {
      try budget.spend(1 + square.weight * square.weight / 32)
      if rest & 1 == 1 { result = try result * square }
      rest >>= 1
      if rest == 0 { return result }
      square = try square * square
    }
  }
}
