// SPDX-License-Identifier: MIT
// The tensors of a checkpoint, part by part.
import Checkpoints
import Layers

extension Checkpoint {
  /// Canonical names and tensors of a part, sorted. Throws 65 where it is not there.
  public func tensors(of part: Part) throws -> [(name: String, tensor: StoredTensor)] {
    let found = canonicalNames.filter { Part(ofCanonical: $0) == part }.compactMap { name in
      tensor(canonical: name).map { (name: name, tensor: $0) }
    }
    guard !found.isEmpty else { throw nothing(part) }
    return found
  }

  public func nothing(_ part: Part) -> CheckpointError {
    .nothingToDetach(path: path, what: Architectures.words(for: part), found: modelType)
  }
}
