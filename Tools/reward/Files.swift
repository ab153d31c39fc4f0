// SPDX-License-Identifier: MIT
// Small files beside the stream.
import Failures
import Glibc

/// A file of text that is written line by line.
final class TextFile {
  private let path: String
  private let file: UnsafeMutablePointer<FILE>

  init(path: String) throws {
    guard let file = fopen(path, "we") else {
      throw PlainFailure(.cannotCreate, "\(path): cannot create: \(String(cString: strerror(errno)))")
    }
    self.path = path
    self.file = file
  }

  func line(_ text: String) throws {
    var text = text + "\n"
    let written = text.withUTF8 { fwrite($0.baseAddress, 1, $0.count, file) }
    if written != text.utf8.count { throw failure() }
  }

  /// A full disk may show only here.
  func close() throws { if fclose(file) != 0 { throw failure() } }

  private func failure() -> PlainFailure {
    PlainFailure(.ioError, "\(path): writing failed: \(String(cString: strerror(errno)))")
  }
}

/// Files that are read whole.
enum FileBytes {
  /// The first byte; nil of an empty file.
  static func first(_ path: String) throws -> UInt8? { try read(path, limit: 1).first }

  static func all(_ path: String) throws -> [UInt8] { try read(path, limit: .max) }

  private static func read(_ path: String, limit: Int) throws -> [UInt8] {
    guard let file = fopen(path, "re") else {
      throw PlainFailure.missingInput("\(path): \(String(cString: strerror(errno)))")
    }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count < limit {
      let count = fread(&chunk, 1, min(chunk.count, limit - bytes.count), file)
      if count == 0 {
        if ferror(file) != 0 {
          throw PlainFailure(.ioError, "\(path): reading failed: \(String(cString: strerror(errno)))")
        }
        break
      }
      bytes += chunk[..<count]
    }
    return bytes
  }
}
