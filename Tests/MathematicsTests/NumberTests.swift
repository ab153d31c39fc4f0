// SPDX-License-Identifier: MIT
import Foundation
import TestSupport
import Testing

@testable import Mathematics

/// The arithmetic below the comparison: integers of any size, fractions, complex numbers with an error bound.
@Suite struct NumberTests {
  private let budget = Budget(steps: 100_000_000, deadline: nil)

  private struct Words {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 16
    }
    /// An integer of up to so many limbs, with runs of zeros and of ones, which carries and trial digits stumble over.
    mutating func integer(_ limbs: Int) -> Integer {
      let count = 1 + Int(next() % UInt64(limbs))
      let digits = (0..<count).map { _ -> UInt32 in
        switch next() % 4 {
        case 0: 0
        case 1: .max
        default: UInt32(truncatingIfNeeded: next())
        }
      }
      return Integer(isNegative: next() % 2 == 0, limbs: digits)
    }
  }

  @Test func divisionUndoesMultiplication() throws {
    var words = Words(state: 7)
    for _ in 0..<4_000 {
      let (a, b, c) = (words.integer(9), words.integer(6), words.integer(5))
      if b.isZero { continue }
      let rest = c.magnitude.dividing(by: b.magnitude).remainder
      let dividend = try a.magnitude * b.magnitude + rest
      let (quotient, remainder) = dividend.dividing(by: b.magnitude)
      #expect(quotient == a.magnitude)
      #expect(remainder == rest)
      #expect(try (a + b) - b == a)
      #expect(try a * (b + c) == a * b + a * c)
      #expect((a < b) == (try a - b).isNegative)
    }
  }

  @Test func decimalDigitsAreRead() throws {
    #expect(try Integer(digits: "9223372036854775807".utf8) == Integer(.max))
    #expect(try Integer(digits: "9223372036854775808".utf8) == Integer(.max) + .one)
    #expect(try -Integer(digits: "9223372036854775808".utf8) == Integer(.min))
    let hundred = try Integer(10).power(100, budget)
    #expect(try Integer(digits: ("1" + String(repeating: "0", count: 100)).utf8) == hundred)
    #expect(abs(hundred.double / 1e100 - 1) <= 1e-15)
    #expect(hundred.bitWidth == 333)
  }

  @Test func greatestCommonDivisor() throws {
    var words = Words(state: 11)
    for _ in 0..<300 {
      let (a, b, c) = (words.integer(4), words.integer(4), words.integer(3))
      if a.isZero || b.isZero || c.isZero { continue }
      let divisor = try Integer.gcd(a * c, b * c, budget)
      #expect(divisor.dividing(by: c).remainder.isZero)
      let (x, y) = (try (a * c).dividing(by: divisor).quotient, try (b * c).dividing(by: divisor).quotient)
      #expect(try Integer.gcd(x, y, budget) == .one)
    }
  }

  @Test func sizesAreLimited() throws {
    #expect(throws: Stop.overflow) { try Integer(2).power(Integer.maxBits + 1, budget) }
    #expect(throws: Stop.overflow) { try Integer(7).power(.max, budget) }
    #expect(try Integer(-1).power(.max, budget) == Integer(-1))
    #expect(throws: Stop.unparsable) { try Rational.zero.power(-1, budget) }
  }

  @Test func fractionsBeyondTheRangeOfDoublesHaveTheirValue() throws {
    let great = try Integer(10).power(400, budget)
    let ratio = try Rational(great * Integer(3), great * Integer(7) + .one, budget)
    #expect(abs(ratio.double - 3.0 / 7) <= 1e-15)
    #expect(try Rational(great, .one, budget).double == .infinity)
    #expect(try Rational(.one, great, budget).double == 0)
  }

  @Test func errorBoundsHold() {
    // Against the formulas in twice the precision: Float80 where there is one.
    #if arch(x86_64)
      for step in 1...400 {
        let x = Double(step) * 0.037
        let value = Approximation(x).power(Rational(3)) + -(Approximation(x).squareRoot * Approximation(2))
        let exact = Float80(x) * Float80(x) * Float80(x) - 2 * Float80(x).squareRoot()
        #expect(abs(Float80(value.re) - exact) <= Float80(value.error))
        #expect(value.error <= 1e-12 * max(1, value.size))
      }
    #endif
  }

  @Test func rootsOfNegativeNumbers() throws {
    let minusEight = Approximation(-8, 0, error: 0)
    let third = try Rational(.one, Integer(3), budget)
    #expect(abs(minusEight.power(third).re + 2) <= 1e-15)
    #expect(abs(minusEight.power(try Rational(Integer(2), Integer(3), budget)).re - 4) <= 1e-14)
    let root = minusEight.squareRoot
    #expect(abs(root.re) <= root.error)
    #expect(abs(root.im - 8.0.squareRoot()) <= root.error)
  }
}
