// SPDX-License-Identifier: MIT
import Failures
import Glibc

/// A file that a tool writes beside its standard output. It is tried before the work begins and appears whole, at its end.
public final class OutputFile {
  public let path: String
  private let temporaryPath: String
  private var file: UnsafeMutablePointer<FILE>?

  /// - Throws: 73 where the file cannot be created.
  public init(_ path: String) throws {
    self.path = path
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      temporaryPath = path  // a device or a pipe is written as it is
    } else {
      temporaryPath = path + ".partial"
    }
    file = fopen(temporaryPath, "wb")
    guard file != nil else {
      throw PlainFailure(.cannotCreate, "\(path): cannot create: \(String(cString: strerror(errno)))")
    }
  }

  /// Writes the contents and moves the file to its place.
  ///
  /// - Throws: 74 where the disk does not take them.
  public func write(_ bytes: [UInt8]) throws {
    guard let open = file else { preconditionFailure("\(path) is written twice") }
    file = nil
    let written = bytes.isEmpty ? 0 : fwrite(bytes, 1, bytes.count, open)
    let isClosed = fclose(open) == 0
    guard written == bytes.count, isClosed, temporaryPath == path || rename(temporaryPath, path) == 0 else {
      throw PlainFailure(.ioError, "\(path): writing failed: \(String(cString: strerror(errno)))")
    }
  }

  deinit {
    guard let file else { return }
    fclose(file)
    if temporaryPath != path { unlink(temporaryPath) }
  }
}
