// SPDX-License-Identifier: MIT
// What the names in a checkpoint mean is not the storage's to know: whoever knows the architecture tells it.

import StrictJSON

/// What a stored name is to the architecture.
public enum KeyRole: Sendable, Equatable {
  /// A parameter of the model, with its canonical name.
  case parameter(String)
  /// Known, and no parameter: a buffer that older files carry, or the other half of a pair of towers.
  case ignored
  /// Nothing that this architecture has.
  case unknown
}

/// The meaning of stored names.
public protocol KeyNaming: Sendable {
  /// What `stored` is.
  func role(of stored: String) -> KeyRole
  /// What the file of a tensor is called after where a directory is trained in parts; nil: it belongs to none of them.
  func group(ofCanonical name: String) -> String?
  /// Canonical names whose values must follow another tensor's, where both are stored: a head that is tied to embeddings.
  var ties: [(follower: String, leader: String)] { get }
}
