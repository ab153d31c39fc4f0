// SPDX-License-Identifier: MIT
// `--log FILE`: the log of a run in a file of its own, a line a step, each exactly once, however often the run was stopped.
import Checkpoints
import Failures
import Glibc
import StrictJSON

/// A log that is appended to. Each line names its run (`"run"`), so that one file may hold several runs.
final class LogFile {
  private let path: String
  private let descriptor: Int32

  /// Opens or creates `path`, and takes out of it what `run` had written of steps beyond `state`: steps that were taken back,
  /// because the run was killed before it saved them. Lines of other runs stay as they are.
  ///
  /// - Throws: 64 where the file holds anything but lines of JSON, 73 where it cannot be created, 74 where it cannot be read
  ///   or written.
  init(_ path: String, of run: String, goingOnFrom state: RunState, note: (String) -> Void) throws {
    // A rename must not take a link's place.
    let target = realpath(path, nil).map { name in
      defer { free(name) }
      return String(cString: name)
    }
    let old = try LogContents(target ?? path, of: run, state)
    if let old, case .rewrite(let bytes) = old.remedy {
      let file = try AtomicFile(replacing: target ?? path)
      try bytes.withUnsafeBytes { try file.write($0) }
      try file.commit()
    }
    self.path = path
    descriptor = open(target ?? path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw PlainFailure(.cannotCreate, "--log \(path): cannot create: \(String(cString: strerror(errno)))")
    }
    guard let old else { return }
    if case .cut(let size) = old.remedy, ftruncate(descriptor, off_t(size)) != 0 { throw failure("cutting") }
    if case .endLine = old.remedy { try send([0x0A]) }
    if old.cutCount > 0 {
      note("\(path): \(old.cutCount) \(old.cutCount == 1 ? "line" : "lines") of steps that were taken back are cut off")
    }
    if old.foreignCount > 0 {
      note(
        "\(path): has \(old.foreignCount) \(old.foreignCount == 1 ? "line" : "lines") of other runs, which stay; this run's "
          + "say \"run\": \"\(run)\"")
    }
  }

  deinit { close(descriptor) }

  /// Writes one line at the end.
  func append(_ line: String) throws { try send(Array(line.utf8) + [0x0A]) }

  /// Makes what was written durable: a checkpoint that is saved must find its steps here after a power failure too.
  func synchronize() throws {
    guard fdatasync(descriptor) == 0 || errno == EINVAL || errno == EROFS else { throw failure("flushing") }
  }

  private func send(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw failure("writing") }
      rest = rest.dropFirst(count)
    }
  }

  private func failure(_ action: String) -> PlainFailure {
    PlainFailure(.ioError, "--log \(path): \(action) failed: \(String(cString: strerror(errno)))")
  }
}

/// What a log holds when its run goes on.
private struct LogContents {
  enum Remedy {
    case none
    /// The last line of another run lacks its end.
    case endLine
    /// What goes is the end: this many bytes stay.
    case cut(Int)
    /// What goes stands between lines of other runs: these bytes stay.
    case rewrite([UInt8])
  }
  let remedy: Remedy
  /// Lines of this run beyond the state, a last one that a kill has cut in two among them.
  let cutCount: Int
  let foreignCount: Int

  /// Nil where there is no file, or none that keeps what is written to it (a pipe, a terminal).
  init?(_ path: String, of run: String, _ state: RunState) throws {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    let bytes = try Self.read(path, size: Int(status.st_size))
    var kept: [UInt8] = []
    var cut = 0
    var foreign = 0
    for line in bytes.split(separator: 0x0A) {
      let json = try? JSONValue.parse(Array(line))
      let isLast = line.endIndex == bytes.endIndex
      let isTorn = json == nil && isLast && line.first == UInt8(ascii: "{")
      guard isTorn || json?.object != nil else {
        throw PlainFailure.usage(
          "--log \(path): is there and is no log, which has an object of JSON a line; name another file")
      }
      let isOurs = json?["run"]?.string == run
      // The line that could not be written goes first now, and must not stand there from an earlier try.
      let isUnlogged = state.unlogged.map { $0.utf8.elementsEqual(line) } ?? false
      if isTorn || isUnlogged || (isOurs && Self.isBeyond(json, state)) {
        cut += 1
        continue
      }
      if !isOurs { foreign += 1 }
      kept += line + (isLast ? [] : [0x0A])
    }
    (cutCount, foreignCount) = (cut, foreign)
    if cut == 0 {
      remedy = bytes.last ?? 0x0A == 0x0A ? .none : .endLine
    } else if bytes.starts(with: kept) {
      remedy = .cut(kept.count)
    } else {
      remedy = .rewrite(kept + (kept.last == 0x0A ? [] : [0x0A]))
    }
  }

  /// Whether a line tells of a step, or of a batch that gave none, that `state` does not know.
  private static func isBeyond(_ line: JSONValue?, _ state: RunState) -> Bool {
    (line?["step"]?.int ?? 0) > state.step || (line?["skipped_steps"]?.int ?? 0) > state.flatSteps
  }

  private static func read(_ path: String, size: Int) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    defer { if descriptor >= 0 { close(descriptor) } }
    var isRead = descriptor >= 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while isRead, count < size {
        let got = Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, size - count)
        if got < 0 && errno == EINTR { continue }
        isRead = got >= 0
        if got <= 0 { break }
        count += got
      }
    }
    guard isRead else {
      throw PlainFailure(.ioError, "--log \(path): reading failed: \(String(cString: strerror(errno)))")
    }
    return bytes
  }
}
