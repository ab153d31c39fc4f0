// SPDX-License-Identifier: MIT
// What is wrong with a manifest, and where: the file and line, the example's id, the image's file.

import Failures

/// Where an example comes from.
public struct ManifestPlace: Sendable, Equatable {
  /// The manifest's path, "stdin", or the folder of classes.
  public var source: String
  /// The line in it, from 1 (in a JSON array: the element); nil for a folder.
  public var line: Int?
  /// The example's id, where it has one of its own.
  public var id: String?

  public init(source: String, line: Int?, id: String? = nil) {
    self.source = source
    self.line = line
    self.id = id
  }

  var text: String { source + (line.map { ":\($0)" } ?? "") + (id.map { " (id \($0))" } ?? "") }
}

/// An example that cannot be used.
public struct ManifestError: Failure, Equatable {
  public let place: ManifestPlace
  public let problem: String
  public let exitStatus: ExitStatus
  /// Whether the examples after it can still be read.
  public let isRecoverable: Bool

  public init(
    _ place: ManifestPlace, _ problem: String, _ exitStatus: ExitStatus = .badData, isRecoverable: Bool = true
  ) {
    self.place = place
    self.problem = problem
    self.exitStatus = exitStatus
    self.isRecoverable = isRecoverable
  }

  public var description: String { "\(place.text): \(problem)" }
}
