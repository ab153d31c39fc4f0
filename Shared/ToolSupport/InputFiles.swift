// SPDX-License-Identifier: MIT
// What a tool reads must not be what it writes.
import Failures
import Glibc

/// The files that a tool reads, told apart as the system does: a link to a file, `./q` for `q` and a redirected standard
/// input are the file itself.
public struct InputFiles: Sendable {
  private struct Identity: Hashable {
    let device: dev_t
    let node: ino_t

    /// nil of what is no regular file: writing to a terminal or to /dev/null destroys nothing.
    init?(_ status: stat) {
      guard status.st_mode & S_IFMT == S_IFREG else { return nil }
      (device, node) = (status.st_dev, status.st_ino)
    }

    init?(path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      self.init(status)
    }

    init?(descriptor: Int32) {
      var status = stat()
      guard fstat(descriptor, &status) == 0 else { return nil }
      self.init(status)
    }
  }
  private var names: [Identity: String] = [:]

  /// - Parameters:
  ///   - stream: the frames' files; none, or "-", is standard input.
  ///   - others: files that options name; nil where one is not given.
  public init(stream: [String] = ["-"], _ others: [String?] = []) {
    for path in stream.isEmpty ? ["-"] : stream where path == "-" {
      if let identity = Identity(descriptor: 0) { names[identity] = "standard input" }
    }
    for path in stream.filter({ $0 != "-" }) + others.compactMap({ $0 }) {
      if let identity = Identity(path: path) { names[identity] = path }
    }
  }

  /// Call it for all outputs before any of them is opened.
  ///
  /// - Parameter option: what names the output: "--json".
  /// - Throws: 64 where `path` is one of the files.
  public func refuse(_ path: String?, as option: String) throws {
    guard let path, let identity = Identity(path: path), let name = names[identity] else { return }
    let input = name == path ? "an input" : "an input (\(name))"
    throw PlainFailure.usage("\(option) \(path): is \(input), which would be overwritten; name another file")
  }

  /// Whether a descriptor of ours is open on the regular file at `path`.
  static func isOpen(_ path: String, as descriptor: Int32) -> Bool {
    Identity(path: path).map { $0 == Identity(descriptor: descriptor) } ?? false
  }
}
