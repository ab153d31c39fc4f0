// SPDX-License-Identifier: MIT
import Glibc

/// A complex number in doubles with a bound on its error, carried through every operation: what tells "zero" from "the
/// digits have run out".
struct Approximation {
  var re: Double
  var im: Double
  /// |true value - this|, estimated generously.
  var error: Double

  static let ulp = 0x1p-52

  init(_ re: Double, _ im: Double, error: Double) { (self.re, self.im, self.error) = (re, im, error) }
  /// A real number, rounded by less than an ulp where no other error is given; whole numbers beyond 2^53 are.
  init(_ re: Double, error: Double? = nil) {
    let rounding = abs(re) * Self.ulp
    self.init(re, 0, error: abs(re) < 0x1p53 ? error ?? rounding : max(error ?? 0, rounding))
  }

  static let undefined = Approximation(.nan, .nan, error: .nan)

  var size: Double { hypot(re, im) }
  var isFinite: Bool { re.isFinite && im.isFinite && error.isFinite }
  /// No imaginary part that exceeds the error.
  var isReal: Bool { abs(im) <= error }

  static func + (a: Approximation, b: Approximation) -> Approximation {
    var sum = Approximation(a.re + b.re, a.im + b.im, error: a.error + b.error)
    sum.error += sum.size * ulp
    return sum
  }

  static func * (a: Approximation, b: Approximation) -> Approximation {
    var product = Approximation(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re, error: 0)
    product.error = a.size * b.error + b.size * a.error + a.error * b.error + 4 * ulp * a.size * b.size
    return product
  }

  static func / (a: Approximation, b: Approximation) -> Approximation {
    let square = b.re * b.re + b.im * b.im
    guard square > 0, b.size > 2 * b.error else { return .undefined }
    var result = Approximation((a.re * b.re + a.im * b.im) / square, (a.im * b.re - a.re * b.im) / square, error: 0)
    result.error = (a.error + result.size * b.error) / (b.size - b.error) + 6 * ulp * result.size
    return result
  }

  static prefix func - (a: Approximation) -> Approximation { Approximation(-a.re, -a.im, error: a.error) }

  /// e^self
  var exponential: Approximation {
    let scale = exp(re)
    var result = Approximation(scale * cos(im), scale * sin(im), error: 0)
    result.error = result.size * (error * 2 + 4 * Self.ulp * (1 + abs(re) + abs(im)))
    return result
  }

  /// The principal natural logarithm.
  var logarithm: Approximation {
    let settled = snapped
    guard settled.size > 2 * error else { return .undefined }
    var result = Approximation(log(settled.size), atan2(settled.im, settled.re), error: 0)
    result.error = 2 * error / settled.size + 4 * Self.ulp * (1 + result.size)
    return result
  }

  var squareRoot: Approximation { power(0.5) }

  /// Real numbers whose imaginary part is rounding lie on the axis: functions with a cut there need to know.
  var snapped: Approximation { isReal ? Approximation(re, 0, error: error) : self }

  /// self^exponent; for a negative real number and an exponent with an odd denominator, the real root.
  func power(_ exponent: Rational) -> Approximation {
    func isOdd(_ value: Integer) -> Bool { !value.dividing(by: Integer(2)).remainder.isZero }
    return power(exponent.double, root: isOdd(exponent.denominator) ? (isOdd(exponent.numerator) ? -1 : 1) : nil)
  }

  /// `root`: the sign that a negative base leaves behind; nil: the principal value.
  private func power(_ exponent: Double, root: Double? = nil) -> Approximation {
    let base = snapped
    if base.size <= 2 * error {  // cannot be told from zero
      if exponent < 0 { return .undefined }
      return Approximation(0, 0, error: pow(base.size + error, exponent))
    }
    var result: Approximation
    if base.im == 0, base.re > 0 {
      result = Approximation(pow(base.re, exponent), 0, error: 0)
    } else if base.im == 0, let root {
      result = Approximation(root * pow(-base.re, exponent), 0, error: 0)
    } else {
      let (size, angle) = (pow(base.size, exponent), atan2(base.im, base.re) * exponent)
      result = Approximation(size * cos(angle), size * sin(angle), error: 0)
    }
    let relative = 2 * abs(exponent) * error / base.size
    result.error = result.size * (relative + 4 * Self.ulp * (2 + abs(exponent) * (1 + abs(log(base.size)))))
    return result
  }

  func power(_ exponent: Approximation) -> Approximation { (logarithm * exponent).exponential }
}
