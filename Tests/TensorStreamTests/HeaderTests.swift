// SPDX-License-Identifier: MIT
import TensorStream
import TestSupport
import Testing

@Suite struct HeaderTests {
  private func parse(_ text: String) throws -> SafetensorsHeader {
    try Array(text.utf8).withUnsafeBytes { try SafetensorsHeader(parsing: $0) }
  }

  @Test func entriesAreOrderedByTheirBytes() throws {
    let header = try parse(
      #"{"b":{"dtype":"U8","shape":[2],"data_offsets":[4,6]},"z":{"data_offsets":[4,4],"shape":[0,9],"dtype":"F32"},"#
        + #""a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}  "#)
    #expect(header.entries.map(\.name) == ["a", "z", "b"])
    #expect(header.entries.map(\.shape) == [[], [0, 9], [2]])
    #expect(header.dataCount == 6)
  }

  @Test func theLengthIsCheckedAgainstTheLimit() throws {
    let bytes = blob("", length: 100)
    #expect(try bytes.withUnsafeBytes { try SafetensorsHeader.length(prefix: $0, limit: 100) } == 100)
    #expect(throws: HeaderError.self) {
      try bytes.withUnsafeBytes { try SafetensorsHeader.length(prefix: $0, limit: 99) }
    }
  }

  @Test func manyNamesTakeNoQuadraticTime() throws {
    let entries = (0..<100_000).map { "\"t\($0)\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[\($0),\($0 + 1)]}" }
    let metadata = (0..<100_000).map { "\"k\($0)\":\"\"" }
    let header = try parse("{\"__metadata__\":{\(metadata.joined(separator: ","))},\(entries.joined(separator: ","))}")
    #expect(header.entries.count == 100_000)
    #expect(header.metadata.count == 100_000)
  }

  @Test func metadataKeepTheirOrder() {
    var metadata: Metadata = ["b": "1", "a": "2"]
    metadata["c"] = "3"
    metadata["b"] = "4"
    metadata["a"] = nil
    metadata["absent"] = nil
    #expect(metadata.keys == ["b", "c"])
    #expect(metadata["b"] == "4")
    #expect(Metadata(["b": "1", "a": "2"]).keys == ["a", "b"])
  }
}
