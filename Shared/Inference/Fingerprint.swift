// SPDX-License-Identifier: MIT
// Which weights ran: the names that frames carry for an encoder and for a reference.
import Checkpoints
import Failures
import Models

extension Checkpoint {
  /// Fingerprint of the vision encoder up to the feature layer. Throws 65 where there is none.
  public func requiredEncoderFingerprint() throws -> String {
    guard let fingerprint = try encoderFingerprint() else {
      throw PlainFailure.badData("\(path): a \(modelType) checkpoint has no vision encoder")
    }
    return fingerprint
  }

  /// Fingerprint of the whole model. Throws 65 where there is no language model.
  public func requiredModelFingerprint() throws -> String {
    guard let fingerprint = try modelFingerprint() else {
      throw PlainFailure.badData("\(path): a \(modelType) checkpoint has no language model")
    }
    return fingerprint
  }
}
