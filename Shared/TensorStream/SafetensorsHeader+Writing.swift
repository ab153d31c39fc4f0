// SPDX-License-Identifier: MIT
import StrictJSON

extension SafetensorsHeader {
  /// The length prefix and the JSON, padded with spaces so that the data begin at a multiple of 8.
  public func serialized() -> [UInt8] {
    var out: [UInt8] = []
    write(to: &out)
    return out
  }

  /// Appends prefix and JSON to `out`.
  ///
  /// - Returns: where in `out` the last metadata value begins.
  @discardableResult
  func write(to out: inout [UInt8]) -> Int {
    let start = out.count
    out.append(contentsOf: repeatElement(0, count: Self.prefixSize))
    out.append(UInt8(ascii: "{"))
    var lastValue = out.count
    if !metadata.isEmpty {
      out.append(contentsOf: "\"__metadata__\":{".utf8)
      for (index, entry) in metadata.entries.enumerated() {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        JSONValue.write(entry.key, to: &out)
        out.append(UInt8(ascii: ":"))
        lastValue = out.count + 1
        JSONValue.write(entry.value, to: &out)
      }
      out.append(UInt8(ascii: "}"))
    }
    for (index, entry) in entries.enumerated() {
      if index > 0 || !metadata.isEmpty { out.append(UInt8(ascii: ",")) }
      JSONValue.write(entry.name, to: &out)
      out.append(contentsOf: ":{\"dtype\":\"".utf8)
      out.append(contentsOf: entry.dtype.rawValue.utf8)
      out.append(contentsOf: "\",\"shape\":[".utf8)
      for (index, extent) in entry.shape.enumerated() {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        out.append(contentsOf: String(extent).utf8)
      }
      out.append(contentsOf: "],\"data_offsets\":[".utf8)
      out.append(contentsOf: String(entry.range.lowerBound).utf8)
      out.append(UInt8(ascii: ","))
      out.append(contentsOf: String(entry.range.upperBound).utf8)
      out.append(contentsOf: "]}".utf8)
    }
    out.append(UInt8(ascii: "}"))
    let length = (out.count - start + 7) & ~7
    out.append(contentsOf: repeatElement(UInt8(ascii: " "), count: length - (out.count - start)))
    let prefix = UInt64(length - Self.prefixSize).littleEndian
    out.withUnsafeMutableBytes { $0.storeBytes(of: prefix, toByteOffset: start, as: UInt64.self) }
    return lastValue
  }
}
