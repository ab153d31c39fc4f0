// SPDX-License-Identifier: MIT
// What can be wrong with a checkpoint, and the one line that says so.

import Failures

/// A checkpoint that cannot be read or written as asked.
public enum CheckpointError: Failure, Equatable {
  /// No such file or directory.
  case missing(path: String)
  /// The system refused: `action` is what was tried ("open", "write", …), `reason` the system's words.
  case system(path: String, action: String, reason: String, status: ExitStatus)
  /// A directory without safetensors weights; `found` is a weights file of another format that lies there.
  case noWeights(directory: String, found: String?)
  /// No config.json beside the weights or in their metadata.
  case noConfig(path: String, isDirectory: Bool)
  /// A JSON file (or the copy of one in the metadata) does not parse.
  case badJSON(path: String, file: String, problem: String)
  /// Not a safetensors file; `looksLike` says what it is, where that is known.
  case notSafetensors(path: String, looksLike: String?)
  /// The safetensors header is wrong; `problem` names the key.
  case badHeader(path: String, problem: String)
  /// A key in two shards.
  case duplicate(directory: String, key: String, first: String, second: String)
  /// The index is not what model.safetensors.index.json must be.
  case badIndex(path: String, problem: String)
  /// The index names a shard that does not exist.
  case missingShard(path: String, shard: String, key: String)
  /// The index lists a key that its shard lacks.
  case keyNotInShard(path: String, shard: String, key: String)
  /// A shard holds a key that the index does not list for it.
  case keyNotInIndex(path: String, shard: String, key: String)
  /// Two stored names for one tensor.
  case ambiguous(path: String, canonical: String, first: String, second: String)
  /// A tensor that arithmetic needs is not of a floating-point type.
  case notFloat(path: String, key: String, dtype: String)
  /// A tensor that is asked for is not there.
  case missingKey(path: String, key: String)
  /// The checkpoint has no such part; `found` is its model_type.
  case nothingToDetach(path: String, what: String, found: String)
  /// The training state of these weights cannot be used.
  case badState(path: String, problem: String)
  /// The disk is too full for what a run will write.
  case diskFull(path: String, needed: Int, free: Int)
  /// The output cannot become a checkpoint.
  case cannotCreate(path: String, reason: String)
  /// A value that the dtype to be written cannot hold.
  case beyondRange(path: String, key: String, value: Float, dtype: String)

  public var exitStatus: ExitStatus {
    switch self {
    case .missing, .noWeights, .missingShard: .missingInput
    case .noConfig(_, let isDirectory): isDirectory ? .missingInput : .badData
    case .system(_, _, _, let status): status
    case .diskFull, .cannotCreate: .cannotCreate
    default: .badData
    }
  }

  public var description: String {
    switch self {
    case .missing(let path):
      "\(path): no such file or directory; a checkpoint is a Hugging Face directory or one safetensors file"
    case .system(let path, let action, let reason, _):
      "\(path): cannot \(action): \(reason)"
    case .noWeights(let directory, let found?):
      "\(directory): has \"\(found)\" but neither model.safetensors nor model.safetensors.index.json; "
        + "save the model again with safe_serialization=True"
    case .noWeights(let directory, nil):
      "\(directory): has neither model.safetensors nor model.safetensors.index.json"
    case .noConfig(let path, true):
      "\(path): has no config.json"
    case .noConfig(let path, false):
      "\(path): its metadata has no \"config.json\"; a checkpoint in one file carries its JSON files there "
        + "(ckpt convert makes one from a directory)"
    case .badJSON(let path, let file, let problem):
      "\(path): \(file): \(problem)"
    case .notSafetensors(let path, let looksLike?):
      "\(path): this is \(looksLike), not a safetensors file"
    case .notSafetensors(let path, nil):
      "\(path): not a safetensors file"
    case .badHeader(let path, let problem):
      "\(path): \(problem)"
    case .duplicate(let directory, let key, let first, let second):
      "\(directory): key \"\(key)\" is in two shards, \(first) and \(second); expected it once"
    case .badIndex(let path, let problem):
      "\(path): \(problem)"
    case .missingShard(let path, let shard, let key):
      "\(path): names the shard \"\(shard)\" for key \"\(key)\", which does not exist; is the download complete?"
    case .keyNotInShard(let path, let shard, let key):
      "\(path): lists key \"\(key)\" in \"\(shard)\", which has no such tensor"
    case .keyNotInIndex(let path, let shard, let key):
      "\(path): does not list key \"\(key)\", which \"\(shard)\" holds"
    case .ambiguous(let path, let canonical, let first, let second):
      "\(path): keys \"\(first)\" and \"\(second)\" are both \(canonical); expected one of them"
    case .notFloat(let path, let key, let dtype):
      "\(path): key \"\(key)\" is \(dtype), expected F32, F16, BF16 or F64"
    case .missingKey(let path, let key):
      "\(path): key \"\(key)\" is missing"
    case .nothingToDetach(let path, let what, let found):
      "\(path): has no \(what) (model_type \"\(found)\")"
    case .badState(let path, let problem):
      "\(path): \(problem)"
    case .diskFull(let path, let needed, let free):
      "\(path): needs \(megabytes(needed)) of free disk space while it is saved, \(megabytes(free)) are free"
    case .cannotCreate(let path, let reason):
      "\(path): \(reason)"
    case .beyondRange(let path, let key, let value, let dtype):
      "\(path): key \"\(key)\" has the value \(value), which \(dtype) cannot hold; use bf16"
    }
  }
}

/// Bytes as MB, rounded up: "1.5 MB".
private func megabytes(_ bytes: Int) -> String {
  let tenths = (bytes + 99_999) / 100_000
  return "\(tenths / 10).\(tenths % 10) MB"
}
