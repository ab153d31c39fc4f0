// SPDX-License-Identifier: MIT
import Glibc

extension Algebra {
  /// Whether a sum, as a rule the difference of two, is zero for all values of its symbols. Exact where the normal form
  /// decides (polynomials, roots of primes, π); else by its values: at every one of several fixed points the sum must
  /// drown in its own rounding errors, and these must be small.
  func isZero(_ sum: Sum) throws(Stop) -> Bool {
    if sum.isZero { return true }
    if sum.terms.keys.allSatisfy({ $0.factors.allSatisfy { isIndependent($0.atom) } }) { return false }
    var names: Set<String> = []
    try collectSymbols(of: sum, into: &names)
    let symbols = names.sorted()
    var agreeing = 0
    for point in 0..<(symbols.isEmpty ? 1 : Self.points) {
      var values = Evaluation(symbols: symbols, point: point)
      guard let (value, largest) = try evaluate(sum, &values), value.isFinite else { continue }
      guard value.size <= 8 * value.error, value.error <= max(1e-8 * largest, 1e-13) else { return false }
      // Beyond this the digits of a double no longer tell neighbours apart.
      if symbols.isEmpty && value.error > 1e-6 { return false }
      agreeing += 1
    }
    return agreeing >= (symbols.isEmpty ? 1 : Self.points / 2)
  }

  private static let points = 10

  /// Atoms whose distinct monomials are linearly independent over the rationals: a sum of them is zero only if it is
  /// empty. (Square roots: Besicovitch 1940. That e and π go together is believed, not proven.)
  private func isIndependent(_ atom: Int) -> Bool {
    switch atoms[atom] {
    case .symbol, .pi, .e, .i, .prime(_, isProven: true): true
    default: false
    }
  }

  /// The value of a sum without symbols.
  func value(of sum: Sum) throws(Stop) -> Approximation? {
    if let rational = sum.rational { return Approximation(rational.double) }
    if try !symbols(of: sum).isEmpty { return nil }
    var values = Evaluation(symbols: [], point: 0)
    guard let (value, _) = try evaluate(sum, &values), value.isFinite else { return nil }
    return value.snapped
  }

  func symbols(of sum: Sum) throws(Stop) -> Set<String> {
    var names: Set<String> = []
    try collectSymbols(of: sum, into: &names)
    return names
  }

  private func collectSymbols(of sum: Sum, into names: inout Set<String>) throws(Stop) {
    for monomial in sum.terms.keys {
      for factor in monomial.factors {
        try budget.spend(2)
        switch atoms[factor.atom] {
        case .symbol(let name): names.insert(name)
        case .base(let base): try collectSymbols(of: base, into: &names)
        case .power(let base, let exponent):
          try collectSymbols(of: base, into: &names)
          try collectSymbols(of: exponent, into: &names)
        case .function(let function, let arguments):
          if case .named(let name) = function { names.insert(name + "(") }  // as unknown as a variable
          for argument in arguments { try collectSymbols(of: argument, into: &names) }
        case .pi, .e, .i, .prime: break
        }
      }
    }
  }

  /// The values of atoms at one point.
  private struct Evaluation {
    let symbols: [String]
    let point: Int
    var known: [Int: Approximation] = [:]

    /// Between 0.2 and 3.2 in size, of both signs from the fourth point on.
    func value(of symbol: String) -> Double {
      var state = UInt64(symbols.firstIndex(of: symbol) ?? 0) &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(point + 1)
      state = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
      state = (state ^ state >> 27) &* 0x94D0_49BB_1331_11EB
      state ^= state >> 31
      let size = 0.2 + 3 * Double(state >> 11) * 0x1p-53
      return point >= 3 && state & 1 == 1 ? -size : size
    }
  }

  /// The value and the size of the largest term; nil where it cannot be worked out.
  private func evaluate(
    _ sum: Sum, _ values: inout Evaluation
  ) throws(Stop) -> (value: Approximation, largest: Double)? {
    var total: Approximation?
    var largest = 0.0
    for (monomial, coefficient) in sum.ordered {
      try budget.spend(4 + coefficient.weight)
      var term = Approximation(coefficient.double, error: coefficient.isInteger ? 0 : nil)
      for factor in monomial.factors {
        guard let value = try value(ofAtom: factor.atom, &values) else { return nil }
        term = term * (factor.exponent.isOne ? value : value.power(factor.exponent))
      }
      largest = max(largest, term.size)
      total = total.map { $0 + term } ?? term
    }
    return (total ?? Approximation(0), largest)
  }

  private func value(ofAtom atom: Int, _ values: inout Evaluation) throws(Stop) -> Approximation? {
    if let known = values.known[atom] { return known }
    try budget.spend(16)
    let value: Approximation
    switch atoms[atom] {
    case .symbol(let name): value = Approximation(values.value(of: name), error: 0)
    case .pi: value = Approximation(.pi)
    case .e: value = Approximation(M_E)
    case .i: value = Approximation(0, 1, error: 0)
    case .prime(let prime, _): value = Approximation(Double(prime), error: 0)
    case .base(let sum):
      guard let inner = try evaluate(sum, &values) else { return nil }
      value = inner.value
    case .power(let base, let exponent):
      guard let base = try evaluate(base, &values), let exponent = try evaluate(exponent, &values) else { return nil }
      value = base.value.power(exponent.value)
    case .function(let function, let arguments):
      var numbers: [Approximation] = []
      for argument in arguments {
        guard let number = try evaluate(argument, &values) else { return nil }
        numbers.append(number.value)
      }
      value = function.value(numbers)
    }
    values.known[atom] = value
    return value
  }
}

extension Function {
  /// The function's value, undefined outside its domain.
  fileprivate func value(_ arguments: [Approximation]) -> Approximation {
    guard let z = arguments.first, z.isFinite else { return .undefined }
    let i = Approximation(0, 1, error: 0)
    let one = Approximation(1, error: 0)
    switch self {
    case .sin:
      return z.isReal ? z.real(Glibc.sin(z.re), slope: 1) : ((i * z).exponential + -(-(i * z)).exponential) / (i + i)
    case .cos:
      return z.isReal ? z.real(Glibc.cos(z.re), slope: 1) : ((i * z).exponential + (-(i * z)).exponential) / (one + one)
    case .tan: return Self.sin.value([z]) / Self.cos.value([z])
    case .cot: return Self.cos.value([z]) / Self.sin.value([z])
    case .sec: return one / Self.cos.value([z])
    case .csc: return one / Self.sin.value([z])
    case .arcsin:
      if z.isReal, Swift.abs(z.re) <= 1 {
        let slope = 1 / Swift.max((1 - z.re * z.re).squareRoot(), z.error.squareRoot(), 1e-9)
        return Approximation(asin(z.re), error: 2 * slope * z.error + 2 * Approximation.ulp)
      }
      let root = (one + -(z * z)).squareRoot
      return -i * (i * z + root).logarithm
    case .arccos: return Approximation(.pi / 2) + -Self.arcsin.value([z])
    case .arctan:
      if z.isReal { return z.real(atan(z.re), slope: 1) }
      return i / (one + one) * ((one + -(i * z)).logarithm + -(one + i * z).logarithm)
    case .sinh: return (z.exponential + -(-z).exponential) / (one + one)
    case .cosh: return (z.exponential + (-z).exponential) / (one + one)
    case .tanh: return Self.sinh.value([z]) / Self.cosh.value([z])
    case .ln: return z.logarithm
    case .abs: return Approximation(z.size, error: z.error + z.size * Approximation.ulp)
    case .floor, .ceil:
      guard z.isReal else { return .undefined }
      let nearest = z.re.rounded()
      if Swift.abs(z.re - nearest) <= 4 * z.error { return Approximation(nearest, error: 0) }
      return Approximation(self == .floor ? z.re.rounded(.down) : z.re.rounded(.up), error: 0)
    case .factorial:
      guard z.isReal, z.re > -1 || z.re != z.re.rounded() else { return .undefined }
      let value = tgamma(z.re + 1)
      return Approximation(value, error: Swift.abs(value) * (64 * Approximation.ulp + 8 * z.error))
    case .binomial:
      guard arguments.count == 2 else { return .undefined }
      let k = arguments[1]
      return Self.factorial.value([z]) / (Self.factorial.value([k]) * Self.factorial.value([z + -k]))
    case .max, .min:
      guard arguments.allSatisfy(\.isReal) else { return .undefined }
      let best = arguments.dropFirst().reduce(z) { ($0.re < $1.re) == (self == .max) ? $1 : $0 }
      return best
    case .gcd, .lcm: return .undefined
    case .named(let name):
      // Any smooth function of its arguments serves: equal arguments give equal values, and others do not.
      var seed = name.utf8.reduce(0.37) { ($0 * 31 + Double($1)).truncatingRemainder(dividingBy: 7.3) }
      var phase = Approximation(seed, error: 0)
      for argument in arguments {
        seed += 1.618
        phase = phase + Approximation(seed, error: 0) * argument
      }
      return Self.sin.value([phase])
    }
  }
}

extension Approximation {
  /// A value of a real function at self, where |its derivative| is at most `slope`.
  fileprivate func real(_ value: Double, slope: Double) -> Approximation {
    Approximation(value, error: 2 * slope * error + 2 * Self.ulp * Swift.abs(value) + abs(re) * Self.ulp)
  }
}
