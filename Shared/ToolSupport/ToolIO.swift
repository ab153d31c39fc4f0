// SPDX-License-Identifier: MIT
import Failures
import StrictJSON
import TensorStream

/// A stream tool's input and output: frames in, frames or lines out, bad examples passed over where that is asked for, and
/// the end frame and summary behind the last.
public final class ToolIO {
  /// What a tool writes to standard output.
  public enum Output: Sendable {
    /// A stream of frames.
    case frames
    /// Lines of text.
    case lines
    /// The lines of a step tool's log: when their reader goes away the tool goes on without.
    case log
  }

  /// The frames that come in.
  public let reader: FrameReader
  /// Frames are made from something else; none come in.
  private let onlyWrites: Bool
  private let writer: FrameWriter?
  private let text: TextOutput?
  private let output: Output
  private let kept: Set<String>
  private let dropped: Set<String>
  private let skipsBad: Bool
  private var unusedNames: Set<String>
  private let progress = Progress(unit: "frames")
  private var isLogRead = true
  private var isBare = false

  /// What the progress line says beside the frames: a rate of something else, say.
  public var progressNote = "" {
    didSet { progress.update(reader.count, fraction: reader.fraction, note: progressNote) }
  }

  /// The bad examples that were left out.
  public private(set) var badCount = 0
  /// Examples that an option left out.
  private var leftOutCount = 0
  /// The examples that went well.
  public private(set) var goodCount = 0

  init(
    files: [String]?, output: Output, gzip: Int? = nil, keep: Set<String> = [], drop: Set<String> = [], skipBad: Bool,
    watchesSignals: Bool
  ) throws {
    reader = try files.map { try FrameReader(paths: $0) } ?? FrameReader(bytes: [])
    onlyWrites = files == nil
    writer = output == .frames ? FrameWriter(gzipLevel: gzip) : nil
    text = output == .frames ? nil : TextOutput()
    self.output = output
    kept = keep
    dropped = drop
    unusedNames = keep.union(drop)
    skipsBad = skipBad
    reader.willWait = { [weak self] in try self?.flush() }
    if watchesSignals { reader.shouldStop = { Signals.pending != nil } }
  }

  /// For a tool that makes frames from something else, which it reads by itself.
  public convenience init(making stream: StreamOptions) throws {
    try self.init(
      files: nil, output: .frames, gzip: stream.gzip, keep: stream.keptNames, drop: stream.droppedNames,
      skipBad: stream.skipBad, watchesSignals: false)
  }

  /// The next frame; nil behind the last. Damaged ones are passed over with --skip-bad.
  public func next() throws -> Frame? { try next(from: reader) }

  /// The next frame of a further file that an option names.
  public func next(from reader: FrameReader) throws -> Frame? {
    while true {
      do {
        guard let frame = try reader.next() else { return nil }
        progress.update(reader.count, fraction: reader.fraction)
        return frame
      } catch let error as FrameError where error.isRecoverable {
        try leaveOut(error)
      }
    }
  }

  /// Runs `body` for each frame; one that fails for bad data is passed over with --skip-bad.
  public func forEach(_ body: (Frame) throws -> Void) throws {
    while let frame = try next() { try attempt { try body(frame) } }
  }

  /// Runs `body` for one example: where it fails for bad data (65) or a missing file (66), the example is passed over with
  /// --skip-bad. Nothing of it may have been written then.
  public func attempt(_ body: () throws -> Void) throws {
    do {
      try body()
      goodCount += 1
    } catch let error as any Failure where error.exitStatus == .badData || error.exitStatus == .missingInput {
      try leaveOut(error)
    }
  }

  /// Counts a bad example and says which; without --skip-bad, throws.
  public func leaveOut(_ error: any Failure) throws {
    guard skipsBad else { throw error }
    badCount += 1
    Diagnostics.error("left out: \(error)")
  }

  /// Counts an example that an option leaves out, for the end frame.
  public func countLeftOut() { leftOutCount += 1 }

  /// Writes a frame, thinned as --keep and --drop say.
  public func write(_ frame: Frame) throws {
    guard let writer else { preconditionFailure("this tool writes no frames") }
    try writer.write(thinned(frame))
    if onlyWrites { progress.update(writer.count) }
  }

  private func thinned(_ frame: Frame) -> Frame {
    guard !kept.isEmpty || !dropped.isEmpty else { return frame }
    var frame = frame
    if !unusedNames.isEmpty { unusedNames.subtract(Array(frame.tensors.keys) + frame.metadata.keys) }
    frame.tensors = frame.tensors.filter { (kept.isEmpty || kept.contains($0.key)) && !dropped.contains($0.key) }
    for key in dropped { frame.metadata[key] = nil }
    return frame
  }

  /// Writes one frame as a plain safetensors file, in place of a stream.
  public func writeBare(_ frame: Frame) throws {
    guard let writer else { preconditionFailure("this tool writes no frames") }
    try writer.writeBare(thinned(frame))
    isBare = true
  }

  /// The frames written so far.
  public var writtenCount: Int { writer?.count ?? 0 }

  /// Writes a line.
  public func line(_ line: String) throws {
    guard let text else { preconditionFailure("this tool writes no lines") }
    guard isLogRead else { return }
    do {
      try text.line(line)
      if output == .log { try text.flush() }
    } catch is ReaderLeft where output == .log {
      isLogRead = false
      Diagnostics.note("nobody reads the log on stdout any more; going on without it")
    }
  }

  /// Writes a JSON value as a line.
  public func line(_ value: JSONValue) throws { try line(value.text()) }

  /// Writes bytes as they are: a picture, say.
  public func write(bytes: [UInt8]) throws {
    guard let text else { preconditionFailure("this tool writes frames") }
    try text.raw(bytes)
  }

  /// Hands on what is ready.
  public func flush() throws {
    try writer?.flush()
    try text?.flush()
  }

  /// Writes the end frame, closes the output and sums up.
  func finish() throws {
    progress.end()
    if badCount > 0 {
      let count = "\(badCount) bad example\(badCount == 1 ? "" : "s") left out"
      guard max(goodCount, writer?.count ?? 0) > 0 else { throw PlainFailure.badData("\(count), and none was good") }
      Diagnostics.error(count)
    }
    if isBare {
      try writer?.close()
    } else {
      try writer?.finish(skipped: reader.skippedUpstream + badCount + leftOutCount)
    }
    do { try text?.close() } catch is ReaderLeft where output == .log {}
    if !unusedNames.isEmpty, reader.count + writtenCount > 0 {
      Diagnostics.warn(
        "no frame has \(unusedNames.sorted().map { "\"\($0)\"" }.joined(separator: ", ")), named in --keep or --drop")
    }
    let megabytes = Progress.rounded(Double(ProcessMemory.peak) / 1e6)
    Diagnostics.detail("\(progress.summary), peak memory \(megabytes) MB, \(Diagnostics.version)")
  }
}
