// SPDX-License-Identifier: MIT
// A file in memory without reading it: pages arrive when they are touched.

import Failures
import Glibc

/// A read-only memory map of a whole file. It stays valid after the file is renamed over or removed.
final class MappedFile: Sendable {
  let path: String
  nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

  /// Maps `path`. Throws `CheckpointError` (66) where it does not exist, is a directory or cannot be read.
  init(_ path: String) throws {
    self.path = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { throw CheckpointError.missing(path: path) }
      throw CheckpointError.system(path: path, action: "open", reason: systemReason(), status: .missingInput)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw CheckpointError.system(path: path, action: "read", reason: systemReason(), status: .missingInput)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw CheckpointError.system(
        path: path, action: "map", reason: "not a regular file", status: .missingInput)
    }
    let size = Int(status.st_size)
    guard size > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
      throw CheckpointError.system(path: path, action: "map", reason: systemReason(), status: .ioError)
    }
    bytes = UnsafeRawBufferPointer(start: address, count: size)
  }

  deinit {
    if let address = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: address), bytes.count) }
  }
}

/// The system's words for `errno`.
func systemReason(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }
