// SPDX-License-Identifier: MIT
import Failures

/// Why a text is not JSON, and where.
public struct JSONError: Failure, Equatable {
  /// What is wrong and what was expected.
  public let message: String
  /// The byte at which it is wrong, from 0.
  public let offset: Int
  /// The line, from 1.
  public private(set) var line = 1
  /// The character in the line, from 1.
  public private(set) var column: Int

  public init(_ message: String, at offset: Int) {
    self.message = message
    self.offset = offset
    column = offset + 1
  }

  public var exitStatus: ExitStatus { .badData }

  public var description: String {
    (line > 1 ? "line \(line), column \(column): " : "column \(column): ") + message
  }

  /// The same error with the line and column of its offset in `text`.
  func located(in text: UnsafeRawBufferPointer) -> JSONError {
    var error = self
    (error.line, error.column) = (1, 1)
    for byte in text.prefix(offset) {
      if byte == UInt8(ascii: "\n") {
        error.line += 1
        error.column = 1
      } else if byte & 0xC0 != 0x80 {  // not the continuation of a character
        error.column += 1
      }
    }
    return error
  }
}
