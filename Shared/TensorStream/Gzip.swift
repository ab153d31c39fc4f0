// SPDX-License-Identifier: MIT
// gzip in both directions, by zlib.
import CZlib
import Failures

/// The two bytes every gzip member starts with.
let gzipMagic: [UInt8] = [0x1F, 0x8B]

/// Unpacks gzip members, one after the other.
final class GzipSource: ByteSource {
  private let name: String
  private let packed: any ByteSource
  /// At a fixed address: zlib remembers it.
  private let stream: UnsafeMutablePointer<z_stream>
  private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 64)
  private var isBetweenMembers = false

  init(name: String, _ packed: any ByteSource) {
    self.name = name
    self.packed = packed
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 15 bits of window, +16: gzip only.
    let code = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(code == Z_OK, "inflateInit2: \(code)")
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(min(buffer.count, Int(UInt32.max)))
    let wanted = stream.pointee.avail_out
    while stream.pointee.avail_out == wanted {
      if stream.pointee.avail_in == 0 {
        let count = try packed.read(into: input)
        if count == 0 {
          if isBetweenMembers { return 0 }
          throw PlainFailure.badData("\(name): the gzip data end early: the writer upstream died")
        }
        stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = UInt32(count)
      }
      if isBetweenMembers {
        inflateReset(stream)
        isBetweenMembers = false
      }
      switch inflate(stream, Z_NO_FLUSH) {
      case Z_OK, Z_BUF_ERROR: break
      case Z_STREAM_END: isBetweenMembers = true
      default:
        let reason = stream.pointee.msg.map { String(cString: $0) } ?? "damaged"
        throw PlainFailure.badData("\(name): the gzip data are damaged: \(reason)")
      }
    }
    return Int(wanted - stream.pointee.avail_out)
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    input.deallocate()
  }
}

/// Packs bytes into one gzip member.
final class GzipPacker {
  private let stream: UnsafeMutablePointer<z_stream>
  private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 64)

  /// - Parameter level: 1 (quick) to 9 (small).
  init(level: Int32) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let code = deflateInit2_(
      stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(code == Z_OK, "deflateInit2: \(code)")
  }

  /// Packs `bytes`; `write` gets what comes out. The last call says so.
  func pack(
    _ bytes: UnsafeRawBufferPointer, isLast: Bool, _ write: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    var rest = bytes
    repeat {
      let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(part.count))
      stream.pointee.next_in = UnsafeMutablePointer(mutating: part.baseAddress?.assumingMemoryBound(to: UInt8.self))
      stream.pointee.avail_in = UInt32(part.count)
      let flush = isLast && rest.isEmpty ? Z_FINISH : Z_NO_FLUSH
      repeat {
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(output.count)
        let code = deflate(stream, flush)
        precondition(code != Z_STREAM_ERROR, "deflate")
        try write(UnsafeRawBufferPointer(rebasing: output.prefix(output.count - Int(stream.pointee.avail_out))))
      } while stream.pointee.avail_out == 0
    } while !rest.isEmpty
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
    output.deallocate()
  }
}
