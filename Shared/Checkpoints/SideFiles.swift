// SPDX-License-Identifier: MIT
// The files beside the weights: config, tokenizer, preprocessor. In a directory they are files; in a checkpoint of one
// file they are metadata under the same names.

import Failures
import Glibc

/// Which files travel with the weights, and how they are read from a directory.
enum SideFiles {
  /// True for config.json, tokenizer.json, chat_template.jinja, merges.txt and their like; not for an index of shards,
  /// a model card or weights.
  static func travels(_ name: String) -> Bool {
    if name.hasPrefix(".") || name.hasSuffix(".index.json") { return false }
    return name.hasSuffix(".json") || name.hasSuffix(".jinja") || name == "merges.txt" || name == "vocab.txt"
  }

  /// The names that travel from `directory`, sorted.
  static func names(in directory: String) throws -> [String] { try entries(of: directory).filter(travels) }

  /// Every name in a directory but "." and "..", sorted.
  static func entries(of directory: String) throws -> [String] {
    guard let handle = opendir(directory) else {
      if errno == ENOENT { throw CheckpointError.missing(path: directory) }
      throw CheckpointError.system(path: directory, action: "list", reason: systemReason(), status: .missingInput)
    }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// The text of one file; nil where it does not exist. Throws 65 where it is not UTF-8.
  static func read(_ path: String) throws -> String? {
    guard access(path, F_OK) == 0 else { return nil }
    let file = try MappedFile(path)
    guard let text = String(validating: file.bytes, as: UTF8.self) else {
      throw CheckpointError.badHeader(path: path, problem: "not UTF-8 text")
    }
    return text
  }
}
