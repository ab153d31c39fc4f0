// SPDX-License-Identifier: MIT
// A file that appears whole or not at all: written beside its place, flushed to the disk, then renamed.

import Failures
import Glibc

/// A file under construction. Until `commit` nothing is seen at its path; without `commit` nothing remains.
public final class AtomicFile {
  public let path: String
  private let temporaryPath: String
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  private static let bufferSize = 1 << 20

  /// Where the file for `path` is built: in the same directory, so that the rename is atomic.
  static func temporaryPath(for path: String) -> String {
    let (directory, name) = split(path)
    return directory + "/." + name + temporarySuffix
  }
  static let temporarySuffix = ".partial"

  /// Directory (never empty) and name of a path.
  static func split(_ path: String) -> (directory: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    return (slash == path.startIndex ? "/" : String(path[..<slash]), String(path[path.index(after: slash)...]))
  }

  /// Throws 73 where the directory does not allow it. One writer a path: see `WriterLock`.
  public init(replacing path: String) throws {
    self.path = path
    temporaryPath = Self.temporaryPath(for: path)
    descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw CheckpointError.system(path: path, action: "create", reason: systemReason(), status: .cannotCreate)
    }
    buffer.reserveCapacity(Self.bufferSize)
  }

  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    if buffer.count + bytes.count <= Self.bufferSize {
      buffer.append(contentsOf: bytes)
    } else {
      try flush()
      if bytes.count <= Self.bufferSize { buffer.append(contentsOf: bytes) } else { try send(bytes) }
    }
  }

  /// Makes the file durable and visible; afterwards it has replaced whatever was at the path.
  public func commit() throws {
    try flush()
    guard fsync(descriptor) == 0 else { throw failure("write") }
    let open = descriptor
    descriptor = -1
    guard close(open) == 0 else {
      let error = failure("write")
      unlink(temporaryPath)
      throw error
    }
    guard rename(temporaryPath, path) == 0 else {
      let error = failure("rename the finished file to its place")
      unlink(temporaryPath)
      throw error
    }
    try syncDirectory(Self.split(path).directory)
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporaryPath)
  }

  private func flush() throws {
    try buffer.withUnsafeBytes { try send($0) }
    buffer.removeAll(keepingCapacity: true)
  }

  private func send(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let chunk = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 26))
      let written = Glibc.write(descriptor, chunk.baseAddress, chunk.count)
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw failure("write") }
      rest = rest.dropFirst(written)
    }
  }

  private func failure(_ action: String) -> CheckpointError {
    let hint = errno == ENOSPC || errno == EDQUOT ? "; what was there before is unchanged" : ""
    return .system(path: path, action: action, reason: systemReason() + hint, status: .ioError)
  }
}

/// Makes renames and removals in a directory durable.
func syncDirectory(_ path: String) throws {
  let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else {
    throw CheckpointError.system(path: path, action: "open", reason: systemReason(), status: .ioError)
  }
  defer { close(descriptor) }
  // Some file systems cannot flush a directory; then the rename is as durable as they make it.
  guard fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP else {
    throw CheckpointError.system(path: path, action: "flush", reason: systemReason(), status: .ioError)
  }
}

/// Bytes that may still be written where `directory` lies.
func freeBytes(in directory: String) throws -> Int {
  var status = statvfs()
  guard statvfs(directory, &status) == 0 else {
    throw CheckpointError.system(
      path: directory, action: "ask for free space", reason: systemReason(), status: .cannotCreate)
  }
  return Int(clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
}
