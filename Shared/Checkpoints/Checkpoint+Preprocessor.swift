// SPDX-License-Identifier: MIT
// Where a checkpoint says how images are prepared.

import StrictJSON

extension Checkpoint {
  /// preprocessor_config.json; without one, the same keys under `image_processor` of processor_config.json, where newer
  /// versions of transformers save them. nil where there is neither.
  public func preprocessorConfig() throws -> (file: String, json: JSONValue)? {
    let file = "preprocessor_config.json"
    let newer = "processor_config.json"
    if let json = try json(file) { return (file, json) }
    return try json(newer)?["image_processor"].map { (newer, $0) }
  }
}
