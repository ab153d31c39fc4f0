// SPDX-License-Identifier: MIT
// Lines of a file or of standard input, one at a time; memory holds one line.

import Failures
import Glibc

/// Reads lines. The last may lack its newline; a carriage return before the newline is dropped.
final class LineReader {
  /// The longest line that is read: far beyond any example's text.
  static let longestLine = 64 << 20

  private let name: String
  private let descriptor: Int32
  private let isOwned: Bool
  private var buffer: [UInt8] = []
  private var start = 0  // of what is not handed out yet
  private var isAtEnd = false
  private(set) var line = 0

  /// Opens `path`; "-" is standard input.
  init(path: String) throws {
    if path == "-" {
      (name, descriptor, isOwned) = ("stdin", 0, false)
      return
    }
    (name, isOwned) = (path, true)
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw PlainFailure.missingInput("\(path): \(systemReason())") }
    var status = stat()
    if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      close(descriptor)
      throw PlainFailure.usage(
        "\(path): is a folder, expected a manifest; for a folder of classes use --folder \(path)")
    }
  }

  deinit { if isOwned && descriptor >= 0 { close(descriptor) } }

  /// The next line without its end, nil after the last.
  func next() throws -> [UInt8]? {
    var scanned = start
    while true {
      if let end = buffer[scanned...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { start = end + 1 }
        line += 1
        return Self.withoutReturn(buffer[start..<end])
      }
      scanned = buffer.count
      if isAtEnd {
        guard start < buffer.count else { return nil }
        defer { start = buffer.count }
        line += 1
        return Self.withoutReturn(buffer[start...])
      }
      if buffer.count - start > Self.longestLine {
        throw ManifestError(
          ManifestPlace(source: name, line: line + 1),
          "the line is longer than \(Self.longestLine >> 20) MiB, expected one example a line",
          isRecoverable: false)
      }
      scanned -= start
      try fill()
    }
  }

  /// Everything that was not handed out yet.
  func rest() throws -> [UInt8] {
    while !isAtEnd { try fill() }
    defer { start = buffer.count }
    return Array(buffer[start...])
  }

  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

  /// The first bytes that are not white space, up to `count`, without taking them. A byte order mark before them, as
  /// some editors save it, is dropped.
  func peek(_ count: Int) throws -> ArraySlice<UInt8> {
    while buffer.count < 3, !isAtEnd { try fill() }
    if line == 0, start == 0, buffer.starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
    while true {
      let rest = buffer[start...].drop(while: Self.isSpace)
      if rest.count >= count || isAtEnd { return rest.prefix(count) }
      try fill()
    }
  }

  private func fill() throws {
    buffer.removeSubrange(..<start)
    start = 0
    let chunk = 1 << 16
    let old = buffer.count
    buffer.append(contentsOf: repeatElement(0, count: chunk))
    var count = 0
    repeat {
      count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress.map { $0 + old }, chunk) }
    } while count < 0 && errno == EINTR
    buffer.removeLast(chunk - max(0, count))
    if count < 0 { throw PlainFailure(.ioError, "\(name): reading failed: \(systemReason())") }
    if count == 0 { isAtEnd = true }
  }

  private static func withoutReturn(_ line: ArraySlice<UInt8>) -> [UInt8] {
    Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
  }
}

/// The system's reason for the last failed call.
func systemReason() -> String { String(cString: strerror(errno)) }

/// The folder that a path lies in; "." for a bare name.
func folder(of path: String) -> String {
  guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}
