// SPDX-License-Identifier: MIT
import Failures
import Glibc

/// A file that a tool writes beside its standard output. It is tried before the work begins and appears whole, at its end:
/// until then it is written as `….partial`, and what was there before stays.
public final class OutputFile {
  public let path: String
  /// Where a link leads: the rename must not take its place.
  private let target: String
  /// nil where the bytes go to `path` as they come: a device, a pipe, the file that standard output or error is.
  private let temporaryPath: String?
  private var file: UnsafeMutablePointer<FILE>?

  /// - Parameters:
  ///   - option: what names the file, for messages: "--json".
  ///   - inputs: what the tool reads. With several outputs, have all of them refused before the first is opened.
  /// - Throws: 64 where the file, or the one that it is written as, is an input; 73 where it cannot be created.
  public init(_ path: String, as option: String, apartFrom inputs: InputFiles) throws {
    self.path = path
    try inputs.refuse(path, as: option)
    if let descriptor = [1, 2].first(where: { InputFiles.isOpen(path, as: $0) }) {
      (target, temporaryPath) = (path, nil)
      file = fdopen(fcntl(descriptor, F_DUPFD_CLOEXEC, 3), "wb")
    } else {
      target = Self.resolved(path)
      var status = stat()
      let isSpecial = stat(target, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
      temporaryPath = isSpecial ? nil : target + ".partial"
      try inputs.refuse(temporaryPath, as: "\(option) \(path), written as")
      file = fopen(temporaryPath ?? target, "wbe")
    }
    guard file != nil else {
      throw PlainFailure(.cannotCreate, "\(path): cannot create: \(String(cString: strerror(errno)))")
    }
  }

  private static func resolved(_ path: String) -> String {
    guard let name = realpath(path, nil) else { return path }
    defer { free(name) }
    return String(cString: name)
  }

  /// Adds bytes.
  ///
  /// - Throws: 74 where the disk does not take them.
  public func append(_ bytes: [UInt8]) throws {
    guard let file else { preconditionFailure("\(path) is written after its end") }
    guard bytes.isEmpty || fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw failure() }
  }

  /// Adds a line.
  ///
  /// - Throws: 74 where the disk does not take it.
  public func line(_ text: String) throws { try append(Array(text.utf8) + [0x0A]) }

  /// Moves the file to its place.
  ///
  /// - Throws: 74 where the disk has not taken all: a full one may show only here.
  public func finish() throws {
    guard let open = file else { preconditionFailure("\(path) is finished twice") }
    file = nil
    guard fclose(open) == 0, temporaryPath.map({ rename($0, target) == 0 }) ?? true else {
      let error = failure()
      if let temporaryPath { unlink(temporaryPath) }
      throw error
    }
  }

  /// All of its contents, at once.
  public func write(_ bytes: [UInt8]) throws {
    try append(bytes)
    try finish()
  }

  private func failure() -> PlainFailure {
    PlainFailure(.ioError, "\(path): writing failed: \(String(cString: strerror(errno)))")
  }

  deinit {
    guard let file else { return }
    fclose(file)
    if let temporaryPath { unlink(temporaryPath) }
  }
}
