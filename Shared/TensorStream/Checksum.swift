// SPDX-License-Identifier: MIT
import CZlib

/// zlib's CRC-32 of a frame in pieces.
struct Checksum {
  private(set) var value: UInt = crc32_z(0, nil, 0)

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    if bytes.isEmpty { return }  // zlib would start anew
    value = crc32_z(value, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
  }

  /// Eight hexadecimal digits in lower case.
  var digits: [UInt8] {
    (0..<8).map { index in Array("0123456789abcdef".utf8)[Int(value >> UInt(28 - 4 * index)) & 15] }
  }

  /// The checksum of a whole frame whose own eight digits stand at `offset` and count as zeros.
  static func ofFrame(_ frame: UnsafeRawBufferPointer, digitsAt offset: Int) -> [UInt8] {
    var checksum = Checksum()
    checksum.add(UnsafeRawBufferPointer(rebasing: frame[..<offset]))
    checksum.add(zeros: 8)
    checksum.add(UnsafeRawBufferPointer(rebasing: frame[(offset + 8)...]))
    return checksum.digits
  }

  mutating func add(zeros count: Int) {
    withUnsafeBytes(of: (0x3030_3030_3030_3030 as UInt64)) { add(UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }
  }
}
