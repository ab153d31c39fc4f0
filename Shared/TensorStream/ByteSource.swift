// SPDX-License-Identifier: MIT
// Where bytes come from: a file descriptor, plain or gzip.
import Failures
import Glibc

/// Bytes in order.
protocol ByteSource: AnyObject {
  /// Reads at least one byte and at most the buffer's size; 0 at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

/// Thrown where a wait for input was given up because `FrameReader.shouldStop` said so.
public struct ReadInterrupted: Error {
  public init() {}
}

/// An open file, pipe or socket.
final class DescriptorSource: ByteSource {
  let name: String
  let descriptor: Int32
  private let isOwned: Bool
  /// Called before a read that would have to wait for the writer upstream.
  var willWait: (() throws -> Void)?
  /// Asked while a read waits; true ends the wait with `ReadInterrupted`.
  var shouldStop: (() -> Bool)?

  /// Opens `path`; "-" is standard input.
  init(path: String) throws {
    try Self.check(path)
    if path == "-" {
      (name, descriptor, isOwned) = ("stdin", 0, false)
      return
    }
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    (name, isOwned) = (path, true)
    guard descriptor >= 0 else { throw PlainFailure.missingInput("\(path): \(reason())") }
  }

  /// A file that is open already, and stays open.
  init(name: String, descriptor: Int32) { (self.name, self.descriptor, isOwned) = (name, descriptor, false) }

  /// Refuses what cannot be read, without opening it (a named pipe may be opened only once).
  static func check(_ path: String) throws {
    if path == "-" {
      if isatty(0) == 1 {
        throw PlainFailure.usage("stdin is a terminal: pipe a stream of frames in, or name a FILE")
      }
      return
    }
    var status = stat()
    guard stat(path, &status) == 0, access(path, R_OK) == 0 else {
      throw PlainFailure.missingInput("\(path): \(reason())")
    }
    if status.st_mode & S_IFMT == S_IFDIR {
      throw PlainFailure.missingInput("\(path): is a folder, expected a file of frames")
    }
  }

  /// The size of a regular file.
  static func regularSize(_ path: String) -> Int? {
    var status = stat()
    guard path != "-", stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      return nil
    }
    return Int(status.st_size)
  }

  /// The size of a regular file that is read from its start; nil for pipes and the like.
  var mappableSize: Int? {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0,
      lseek(descriptor, 0, SEEK_CUR) == 0
    else { return nil }
    return Int(status.st_size)
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    if let willWait, !isReady(within: 0) { try willWait() }
    while true {
      while let shouldStop, !isReady(within: 100) {
        if shouldStop() { throw ReadInterrupted() }
      }
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count >= 0 { return count }
      if errno == EINTR { continue }
      throw PlainFailure(.ioError, "\(name): reading failed: \(reason())")
    }
  }

  /// Whether a read would return at once; waits for that, up to so many milliseconds.
  private func isReady(within milliseconds: Int32) -> Bool {
    var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return Glibc.poll(&poll, 1, milliseconds) != 0 && poll.revents != 0
  }

  deinit { if isOwned && descriptor >= 0 { close(descriptor) } }
}

/// Bytes that were read ahead, then the rest of another source.
final class PrefixedSource: ByteSource {
  private var prefix: ArraySlice<UInt8>
  private let rest: any ByteSource

  init(_ prefix: [UInt8], _ rest: any ByteSource) {
    self.prefix = prefix[...]
    self.rest = rest
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    if prefix.isEmpty { return try rest.read(into: buffer) }
    let count = min(prefix.count, buffer.count)
    buffer.copyBytes(from: prefix.prefix(count))
    prefix = prefix.dropFirst(count)
    return count
  }
}

/// Bytes in memory.
final class MemorySource: ByteSource {
  private var bytes: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

  func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(bytes.count, buffer.count)
    buffer.copyBytes(from: bytes.prefix(count))
    bytes = bytes.dropFirst(count)
    return count
  }
}

/// The system's reason for the last failed call.
func reason() -> String { String(cString: strerror(errno)) }
