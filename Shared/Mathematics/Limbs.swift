// SPDX-License-Identifier: MIT

/// Schoolbook arithmetic on magnitudes in base 2^32, least limb first.
enum Limbs {
  static func isLess(_ a: [UInt32], _ b: [UInt32]) -> Bool {
    if a.count != b.count { return a.count < b.count }
    for place in a.indices.reversed() where a[place] != b[place] { return a[place] < b[place] }
    return false
  }

  static func sum(_ a: [UInt32], _ b: [UInt32]) -> [UInt32] {
    let (long, short) = a.count >= b.count ? (a, b) : (b, a)
    var sum = long
    var carry: UInt64 = 0
    for place in long.indices {
      let digit = UInt64(long[place]) + (place < short.count ? UInt64(short[place]) : 0) + carry
      sum[place] = UInt32(truncatingIfNeeded: digit)
      carry = digit >> 32
    }
    if carry > 0 { sum.append(1) }
    return sum
  }

  /// a - b, where b is not greater.
  static func difference(_ a: [UInt32], _ b: [UInt32]) -> [UInt32] {
    var difference = a
    var borrow: Int64 = 0
    for place in a.indices {
      let digit = Int64(a[place]) - (place < b.count ? Int64(b[place]) : 0) - borrow
      borrow = digit < 0 ? 1 : 0
      difference[place] = UInt32(truncatingIfNeeded: digit)
    }
    return difference
  }

  static func product(_ a: [UInt32], _ b: [UInt32]) -> [UInt32] {
    var product = [UInt32](repeating: 0, count: a.count + b.count)
    for i in a.indices {
      var carry: UInt64 = 0
      for j in b.indices {
        let digit = UInt64(a[i]) * UInt64(b[j]) + UInt64(product[i + j]) + carry
        product[i + j] = UInt32(truncatingIfNeeded: digit)
        carry = digit >> 32
      }
      product[i + b.count] = UInt32(carry)
    }
    return product
  }

  /// Long division (Knuth, The Art of Computer Programming, volume 2, 4.3.1, algorithm D); b is not zero.
  static func quotient(_ a: [UInt32], _ b: [UInt32]) -> (quotient: [UInt32], remainder: [UInt32]) {
    if isLess(a, b) { return ([], a) }
    if b.count == 1 {
      var quotient = a
      var rest: UInt64 = 0
      for place in a.indices.reversed() {
        let digits = rest << 32 | UInt64(a[place])
        quotient[place] = UInt32(digits / UInt64(b[0]))
        rest = digits % UInt64(b[0])
      }
      return (quotient, [UInt32(rest)])
    }
    // The divisor's first bit is brought to the top: a trial digit is then too great by 2 at most.
    let shift = UInt64(b[b.count - 1].leadingZeroBitCount)
    let divisor = shifted(b, by: shift)
    var rest = shifted(a + [0], by: shift)
    let (n, top) = (b.count, UInt64(divisor[b.count - 1]))
    var quotient = [UInt32](repeating: 0, count: a.count - n + 1)
    for place in quotient.indices.reversed() {
      let head = UInt64(rest[place + n]) << 32 | UInt64(rest[place + n - 1])
      var (digit, remainder) = (head / top, head % top)
      while digit >> 32 != 0 || digit * UInt64(divisor[n - 2]) > remainder << 32 | UInt64(rest[place + n - 2]) {
        digit -= 1
        remainder += top
        if remainder >> 32 != 0 { break }
      }
      var (borrow, carry): (Int64, UInt64) = (0, 0)
      for i in 0..<n {
        let product = digit * UInt64(divisor[i]) + carry
        carry = product >> 32
        let difference = Int64(rest[place + i]) - borrow - Int64(product & 0xFFFF_FFFF)
        rest[place + i] = UInt32(truncatingIfNeeded: difference)
        borrow = difference < 0 ? 1 : 0
      }
      let last = Int64(rest[place + n]) - borrow - Int64(carry)
      rest[place + n] = UInt32(truncatingIfNeeded: last)
      if last < 0 {  // one too many: add the divisor back
        digit -= 1
        var carry: UInt64 = 0
        for i in 0..<n {
          let sum = UInt64(rest[place + i]) + UInt64(divisor[i]) + carry
          rest[place + i] = UInt32(truncatingIfNeeded: sum)
          carry = sum >> 32
        }
        rest[place + n] = UInt32(truncatingIfNeeded: UInt64(rest[place + n]) + carry)
      }
      quotient[place] = UInt32(digit)
    }
    rest.removeLast(rest.count - n)
    for place in rest.indices {
      let above = place + 1 < n ? UInt64(rest[place + 1]) : 0
      rest[place] = UInt32(truncatingIfNeeded: (above << 32 | UInt64(rest[place])) >> shift)
    }
    return (quotient, rest)
  }

  /// The digits moved up by `shift` bits (below 32), as many limbs as before.
  private static func shifted(_ digits: [UInt32], by shift: UInt64) -> [UInt32] {
    var shifted = digits
    var carry: UInt64 = 0
    for place in digits.indices {
      let wide = UInt64(digits[place]) << shift | carry
      shifted[place] = UInt32(truncatingIfNeeded: wide)
      carry = wide >> 32
    }
    return shifted
  }
}
