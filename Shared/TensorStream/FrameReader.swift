// SPDX-License-Identifier: MIT
import Failures

/// Reads a stream of frames: from files one after the other, or from standard input; plain or gzip.
///
/// A regular file is mapped, anything else read into one buffer, which is used again for the next frames unless tensors
/// of earlier ones are still referred to: memory does not grow with the stream.
///
/// Each source is checked by itself: `seq` counts from 0, checksums fit, an end frame closes what has `seq` and counts
/// it. Frames without `seq` (foreign ones) need none of these.
public final class FrameReader {
  /// The sources that are not open yet.
  private var paths: ArraySlice<String>
  private var window: FrameWindow?
  private var check = SequenceCheck(source: "")
  private var fatal: (any Error)?
  private var skippedBefore = 0

  /// The frames given out so far.
  public private(set) var count = 0
  /// Where the last frame given out lies in its source's (unpacked) bytes.
  private(set) var lastRange = 0..<0
  private var position = 0
  /// CRC-32 of the last frame's bytes as they stand, where `keepsChecksums`.
  private(set) var lastChecksum: UInt = 0
  var keepsChecksums = false

  /// Called before a read that would have to wait for the writer upstream: the moment to hand on what is ready.
  public var willWait: (() throws -> Void)?

  /// Asked while a read waits for the writer upstream (a signal may have arrived); true ends `next` with
  /// `ReadInterrupted`.
  public var shouldStop: (() -> Bool)?

  /// The part of the input that is behind us, from 0 to 1, where all of it are uncompressed files.
  public var fraction: Double? {
    guard let total, total > 0 else { return nil }  // nil too once a compressed source has come
    return Double(positionBefore + position) / Double(total)
  }
  private var total: Int?
  private var positionBefore = 0

  /// The examples that were left out upstream, as far as end frames have told.
  public var skippedUpstream: Int { skippedBefore + check.skipped }

  /// The frames without `seq` so far: nobody can tell whether some of them are missing.
  public var foreignCount: Int { foreignBefore + check.foreign }
  private var foreignBefore = 0

  /// - Parameter paths: files; none, or "-", is standard input.
  /// - Throws: `PlainFailure` for a file that cannot be read, before anything is.
  public init(paths: [String] = []) throws {
    self.paths = (paths.isEmpty ? ["-"] : paths)[...]
    for path in self.paths { try DescriptorSource.check(path) }
    let sizes = paths.map { DescriptorSource.regularSize($0) }
    total = sizes.isEmpty || sizes.contains(nil) ? nil : sizes.reduce(0) { $0 + ($1 ?? 0) }
  }

  /// Reads a stream in memory.
  public init(bytes: [UInt8], name: String = "memory") throws {
    paths = []
    total = nil
    try open(MemorySource(bytes), name: name)
  }

  /// Reads an open file, which stays open.
  init(descriptor: Int32, name: String) throws {
    paths = []
    total = nil
    try open(DescriptorSource(name: name, descriptor: descriptor))
  }

  /// The next frame; nil behind the last.
  ///
  /// - Throws: `FrameError`. Where it is recoverable the next call goes on behind the bad frame; any other error is final.
  public func next() throws -> Frame? {
    if let fatal { throw fatal }
    do {
      return try read()
    } catch let error as FrameError where error.isRecoverable {
      throw error
    } catch {
      fatal = error
      throw error
    }
  }

  private func read() throws -> Frame? {
    while true {
      guard let window else {
        guard let path = paths.popFirst() else { return nil }
        try open(DescriptorSource(path: path))
        continue
      }
      let have = try window.require(SafetensorsHeader.prefixSize)
      if have == 0 {
        if position == 0 { throw FrameError(source: check.source, .empty) }
        try check.finish()
        skippedBefore += check.skipped
        foreignBefore += check.foreign
        check = SequenceCheck(source: "")
        positionBefore += position
        self.window = nil
        continue
      }
      if let frame = try readFrame(window) {
        count += 1
        return frame
      }
    }
  }

  /// The frame at the window's position; nil for an end frame.
  private func readFrame(_ window: FrameWindow) throws -> Frame? {
    let prefixSize = SafetensorsHeader.prefixSize
    func demand(_ part: String, behind: Int, _ count: Int, _ metadata: Metadata? = nil) throws {
      let have = try window.require(behind + count)
      if have < behind + count {
        throw FrameError(check.place(metadata), .cut(part: part, have: max(0, have - behind), expected: count))
      }
    }
    var header: SafetensorsHeader
    let dataStart: Int
    try demand("its header length", behind: 0, prefixSize)
    do {
      let length = try SafetensorsHeader.length(prefix: window.bytes, limit: SafetensorsHeader.streamLimit)
      dataStart = prefixSize + length
      try demand("its header", behind: prefixSize, length)
      header = try SafetensorsHeader(parsing: UnsafeRawBufferPointer(rebasing: window.bytes[prefixSize..<dataStart]))
    } catch let error as HeaderError {
      throw FrameError(check.place(), .header(error))
    }
    let (total, overflow) = dataStart.addingReportingOverflow(header.dataCount)
    if overflow { throw FrameError(check.place(header.metadata), .tooLarge) }
    try demand("its tensors", behind: dataStart, header.dataCount, header.metadata)

    let start = window.start
    if keepsChecksums {
      var checksum = Checksum()
      checksum.add(UnsafeRawBufferPointer(rebasing: window.bytes[..<total]))
      lastChecksum = checksum.value
    }
    let place = check.place(header.metadata)
    defer {
      window.advance(by: total)
      lastRange = position..<position + total
      position += total
    }
    let isFrame = try check.accept(&header, UnsafeRawBufferPointer(rebasing: window.bytes[..<total]))
    return isFrame ? Frame(header, window.storage, dataStart: start + dataStart, place) : nil
  }

  private func open(_ file: DescriptorSource) throws {
    (file.willWait, file.shouldStop) = (willWait, shouldStop)
    let magic = gzipMagic.count
    if let size = file.mappableSize, let storage = ByteStorage(mapping: file.descriptor, count: size) {
      if size < magic || !UnsafeRawBufferPointer(start: storage.base, count: magic).elementsEqual(gzipMagic) {
        start(FrameWindow(mapped: storage), name: file.name)
        return
      }
    }
    try open(file, name: file.name)
  }

  private func open(_ source: any ByteSource, name: String) throws {
    var start = [UInt8](repeating: 0, count: gzipMagic.count)
    var have = 0
    while have < start.count {
      let count = try start.withUnsafeMutableBytes {
        try source.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[have...]))
      }
      if count == 0 { break }
      have += count
    }
    if start == gzipMagic { total = nil }
    let whole = PrefixedSource(Array(start[..<have]), source)
    self.start(FrameWindow(start == gzipMagic ? GzipSource(name: name, whole) : whole), name: name)
  }

  private func start(_ window: FrameWindow, name: String) {
    self.window = window
    check = SequenceCheck(source: name)
    position = 0
  }
}

extension Frame {
  /// A frame over bytes that were checked.
  init(_ header: SafetensorsHeader, _ storage: ByteStorage, dataStart: Int, _ place: FramePlace) {
    metadata = header.metadata
    origin = place
    tensors = [:]
    tensors.reserveCapacity(header.entries.count)
    for entry in header.entries {
      tensors[entry.name] = RawTensor(
        dtype: entry.dtype, shape: entry.shape, storage: storage, offset: dataStart + entry.range.lowerBound,
        byteCount: entry.range.count)
    }
  }
}
