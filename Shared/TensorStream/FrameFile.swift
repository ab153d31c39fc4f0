// SPDX-License-Identifier: MIT
import Digests
import Failures
import Glibc

/// A file of frames that is read in any order: for shuffling, and for several epochs.
///
/// Memory holds an offset a frame and the frames that are in use.
public final class FrameFile {
  private let name: String
  private let descriptor: Int32
  /// Where each frame lies.
  private let ranges: [Range<Int>]
  /// The file's size in bytes.
  public let size: Int
  /// A digest of the frames' bytes (FNV-1a over their checksums and lengths), 16 hexadecimal digits.
  public let digest: String

  public var count: Int { ranges.count }

  /// Reads through the file once and checks it as `FrameReader` does.
  ///
  /// - Parameter keepsDamaged: a frame that can be passed over (its checksum does not fit) is counted like any other, and
  ///   refused only by `frame`. Otherwise it is refused here.
  /// - Throws: `PlainFailure` for what is no uncompressed regular file; `FrameError`.
  public convenience init(path: String, keepsDamaged: Bool = false) throws {
    try DescriptorSource.check(path)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw PlainFailure.missingInput("\(path): \(reason())") }
    try self.init(name: path, descriptor: descriptor, keepsDamaged: keepsDamaged)
  }

  /// Whether the path is an uncompressed regular file.
  public static func isPossible(_ path: String) -> Bool {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, let file = fopen(path, "r") else {
      return false
    }
    defer { fclose(file) }
    return gzipMagic != [UInt8(truncatingIfNeeded: getc(file)), UInt8(truncatingIfNeeded: getc(file))]
  }

  /// Takes over the descriptor.
  private init(name: String, descriptor: Int32, keepsDamaged: Bool = false) throws {
    self.name = name
    self.descriptor = descriptor
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      Glibc.close(descriptor)
      throw PlainFailure.usage("\(name): is no regular file, which is needed to read frames more than once")
    }
    size = Int(status.st_size)
    var magic: [UInt8] = [0, 0]
    if pread(descriptor, &magic, 2, 0) == 2, magic == gzipMagic {
      Glibc.close(descriptor)
      throw PlainFailure.usage("\(name): is compressed; frames are read more than once, so unpack it first (gunzip)")
    }
    var ranges: [Range<Int>] = []
    var hash = FNV1a()
    do {
      let reader = try FrameReader(descriptor: descriptor, name: name)
      reader.keepsChecksums = true
      while true {
        do {
          if try reader.next() == nil { break }
        } catch let error as FrameError where error.isRecoverable && keepsDamaged {}
        ranges.append(reader.lastRange)
        hash.add(UInt64(reader.lastChecksum))
        hash.add(UInt64(reader.lastRange.count))
      }
    } catch {
      Glibc.close(descriptor)
      throw error
    }
    self.ranges = ranges
    digest = hash.value.hexadecimal
  }

  /// Collects a whole stream in an unnamed file in `$TMPDIR` (/tmp without one).
  ///
  /// - Parameter next: the next frame; nil behind the last.
  public convenience init(spooling next: () throws -> Frame?) throws {
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array((folder + "/frames-XXXXXX").utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else {
      throw PlainFailure(
        .cannotCreate, "\(folder): cannot create a temporary file: \(reason()); set TMPDIR to another folder")
    }
    unlink(&template)
    let writer = FrameWriter(DescriptorSink(name: "temporary file in \(folder)", descriptor: dup(descriptor)))
    while let frame = try next() { try writer.write(frame) }
    try writer.finish()
    lseek(descriptor, 0, SEEK_SET)
    try self.init(name: "temporary file in \(folder)", descriptor: descriptor)
  }

  /// Reads one frame.
  ///
  /// - Throws: `FrameError` where the frame is damaged, `PlainFailure` where the file has become another.
  public func frame(_ index: Int) throws -> Frame {
    let range = ranges[index]
    let storage = ByteStorage(count: range.count)
    var have = 0
    while have < range.count {
      let count = pread(descriptor, storage.base + have, range.count - have, off_t(range.lowerBound + have))
      if count < 0 && errno == EINTR { continue }
      if count < 0 { throw PlainFailure(.ioError, "\(name): reading failed: \(reason())") }
      if count == 0 { break }
      have += count
    }
    let bytes = UnsafeRawBufferPointer(start: storage.base, count: range.count)
    let changed = PlainFailure.badData("\(name): frame \(index) has changed since the file was first read")
    guard have == range.count, have >= SafetensorsHeader.prefixSize,
      let length = try? SafetensorsHeader.length(prefix: bytes, limit: SafetensorsHeader.streamLimit),
      SafetensorsHeader.prefixSize + length <= range.count,
      var header = try? SafetensorsHeader(
        parsing: UnsafeRawBufferPointer(
          rebasing: bytes[SafetensorsHeader.prefixSize..<SafetensorsHeader.prefixSize + length])),
      SafetensorsHeader.prefixSize + length + header.dataCount == range.count
    else { throw changed }
    _ = header.metadata.take(.sequence)
    let place = FramePlace(source: name, number: index, id: header.metadata[.id])
    if let stated = header.metadata.take(.checksum), let offset = header.checksumOffset {
      let digits = Checksum.ofFrame(bytes, digitsAt: SafetensorsHeader.prefixSize + offset)
      if !digits.elementsEqual(stated.utf8) {
        throw FrameError(place, .checksum(stated: stated, found: String(decoding: digits, as: UTF8.self)))
      }
    }
    return Frame(header, storage, dataStart: SafetensorsHeader.prefixSize + length, place)
  }

  deinit { close(descriptor) }
}
