// SPDX-License-Identifier: MIT
// A small file beside the stream.
import Failures
import Glibc

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
