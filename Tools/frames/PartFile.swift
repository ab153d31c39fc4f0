// SPDX-License-Identifier: MIT
import Failures
import Glibc
import TensorStream

/// A file of frames that appears, whole, under its name when it is asked to. A pipe or device is written to directly.
final class PartFile {
  let path: String
  private let temporary: String?
  private let writer: FrameWriter
  private var isFinished = false

  var count: Int { writer.count }

  init(_ path: String, _ gzip: Int?) throws {
    self.path = path
    var status = stat()
    let isPlain = stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG
    if isPlain {
      let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
      temporary = "\(path[..<slash]).\(path[slash...]).partial"
    } else {
      temporary = nil
    }
    do {
      writer = try FrameWriter(path: temporary ?? path, gzipLevel: gzip)
    } catch let failure as PlainFailure {
      throw PlainFailure(failure.exitStatus, "\(path): cannot create: \(String(cString: strerror(errno)))")
    }
  }

  func write(_ frame: Frame) throws { try writer.write(frame) }

  /// Writes the end frame.
  func finish() throws {
    if isFinished { return }
    isFinished = true
    try writer.finish()
  }

  /// Gives the finished file its name.
  func appear() throws {
    guard let temporary else { return }
    guard rename(temporary, path) == 0 else {
      throw PlainFailure(.cannotCreate, "\(path): cannot create: \(String(cString: strerror(errno)))")
    }
  }

  /// What did not appear goes.
  deinit { if let temporary { unlink(temporary) } }
}
