// SPDX-License-Identifier: MIT
// Lines on standard output, for the tools whose data are text; and pictures.
import Failures
import Glibc
import StrictJSON
import TensorStream

/// Standard output as lines of text.
public final class TextOutput {
  private var pending: [UInt8] = []

  public init() {}

  /// Writes one line. It may be held back until the next `flush`.
  ///
  /// - Throws: `ReaderLeft` where nobody reads any more; `PlainFailure` (74) where writing fails.
  public func line(_ text: String) throws {
    pending.append(contentsOf: text.utf8)
    pending.append(0x0A)
    if pending.count >= 1 << 14 { try flush() }
  }

  /// Writes one JSON value as a line.
  public func line(_ value: JSONValue) throws { try line(value.text()) }

  /// Writes bytes as they are.
  public func raw(_ bytes: [UInt8]) throws {
    pending.append(contentsOf: bytes)
    try flush()
  }

  /// Hands on what was held back.
  public func flush() throws {
    var rest = pending[...]
    pending = []
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        if errno == EPIPE { throw ReaderLeft() }
        throw PlainFailure(.ioError, "stdout: writing failed: \(String(cString: strerror(errno)))")
      }
      rest = rest.dropFirst(count)
    }
  }

  /// Flushes and closes standard output: a full disk may show only now.
  public func close() throws {
    try flush()
    if Glibc.close(1) != 0 && errno != EINTR {
      throw PlainFailure(.ioError, "stdout: closing failed: \(String(cString: strerror(errno)))")
    }
  }
}
