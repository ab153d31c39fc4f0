// SPDX-License-Identifier: MIT
// What kind of character a byte of UTF-8 is.

extension UInt8 {
  /// ASCII white space.
  @inlinable public var isBlank: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
  @inlinable public var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }
  /// An ASCII letter.
  @inlinable public var isLetter: Bool { (self | 0x20) &- UInt8(ascii: "a") < 26 }
  @inlinable public var isCapital: Bool { self &- UInt8(ascii: "A") < 26 }
  @inlinable public var isASCIIWordPart: Bool { isLetter || isDigit || self == UInt8(ascii: "_") }
  /// Part of a word: a letter, a digit, an underscore, or part of a character beyond ASCII.
  @inlinable public var isWordPart: Bool { isASCIIWordPart || self >= 0x80 }
}
