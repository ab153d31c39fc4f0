// SPDX-License-Identifier: MIT
// A fingerprint says which weights computed something: features, or reference log-probabilities. File layout, key
// layout, shards and dtype do not change it, a single changed value does.

extension Checkpoint {
  /// A hash over canonical names and f32 values of the tensors `names` (canonical), and over the settings under which
  /// they ran. 16 hexadecimal digits. Throws 65 where a tensor is missing or of no floating-point type.
  public func fingerprint(of names: [String], settings: [(String, String)]) throws -> String {
    let inputs = try names.map { name in
      guard let tensor = tensor(canonical: name) else { throw CheckpointError.missingKey(path: path, key: name) }
      guard tensor.dtype.isFloatingPoint else {
        throw CheckpointError.notFloat(path: path, key: tensor.name, dtype: tensor.dtype.rawValue)
      }
      return DigestInput(stored: tensor, as: name)
    }
    return Digest.of(inputs, settings: settings)
  }
}

extension StoredTensor {
  /// True where both hold the same f32 values in the same shape, whatever their dtypes.
  public func hasSameValues(as other: StoredTensor) -> Bool {
    guard shape == other.shape, dtype.isFloatingPoint, other.dtype.isFloatingPoint else { return false }
    return Digest.of([DigestInput(stored: self, as: "")], settings: [])
      == Digest.of([DigestInput(stored: other, as: "")], settings: [])
  }
}
