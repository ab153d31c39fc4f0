// SPDX-License-Identifier: MIT
// Where bytes go.
import Failures
import Glibc

protocol ByteSink: AnyObject {
  /// Writes all of the bytes.
  func write(_ bytes: UnsafeRawBufferPointer) throws
  /// Says that these were all. A full disk may show only here.
  func close() throws
}

/// An open file or pipe.
final class DescriptorSink: ByteSink {
  private let name: String
  private var descriptor: Int32

  init(name: String, descriptor: Int32) {
    self.name = name
    self.descriptor = descriptor
  }

  /// Creates a file, or empties it.
  init(path: String) throws {
    name = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    if descriptor < 0 { throw PlainFailure(.cannotCreate, "\(path): cannot create: \(reason())") }
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes
    while !rest.isEmpty {
      let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
      if count >= 0 {
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      } else if errno == EPIPE {
        throw ReaderLeft()
      } else if errno == EAGAIN {
        var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = Glibc.poll(&poll, 1, -1)
      } else if errno == EFAULT {
        // The bytes lie in a mapped file that no longer has them.
        throw PlainFailure(.ioError, "an input file became shorter while it was read; it must not be changed meanwhile")
      } else if errno != EINTR {
        throw PlainFailure(.ioError, "\(name): writing failed: \(reason())")
      }
    }
  }

  func close() throws {
    guard descriptor >= 0 else { return }
    defer { descriptor = -1 }
    if Glibc.close(descriptor) != 0 && errno != EINTR {
      throw PlainFailure(.ioError, "\(name): closing failed: \(reason())")
    }
  }

  deinit { if descriptor > 2 { Glibc.close(descriptor) } }
}

/// Bytes in memory.
final class MemorySink: ByteSink {
  private(set) var bytes: [UInt8] = []

  func write(_ bytes: UnsafeRawBufferPointer) { self.bytes.append(contentsOf: bytes) }
  func close() {}
}
