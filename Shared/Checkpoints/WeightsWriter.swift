// SPDX-License-Identifier: MIT
// Writes safetensors files, atomically and always in the same order.

import Failures
import StrictJSON
import TensorStream
import Tensors

/// A safetensors file to be written.
struct WeightsWriter {
  /// Written sorted by key; "format" = "pt" is added, which transformers asks for.
  var metadata: [String: String] = [:]
  /// Written widest dtype first, then by name, so that every tensor is aligned and the same content is the same bytes.
  var tensors: [OutgoingTensor] = []

  /// Writes the file beside `path`, flushes it to the disk and renames it there.
  func write(to path: String) throws {
    let header = SafetensorsHeader(
      metadata: Metadata(metadata.merging(["format": "pt"]) { $1 }),
      tensors: tensors.lazy.map { (name: $0.name, dtype: $0.dtype, shape: $0.shape) })
    let sources = Dictionary(uniqueKeysWithValues: tensors.lazy.map { ($0.name, $0) })
    let file = try AtomicFile(replacing: path)
    try header.serialized().withUnsafeBytes { try file.write($0) }
    for entry in header.entries {
      guard let tensor = sources[entry.name] else { continue }
      var written = 0
      try tensor.produce { bytes in
        written += bytes.count
        try file.write(bytes)
      }
      precondition(written == tensor.byteCount, "\(tensor.name): wrote \(written) of \(tensor.byteCount) bytes")
    }
    try file.commit()
  }
}
