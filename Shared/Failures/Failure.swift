// SPDX-License-Identifier: MIT
// What every floor throws when the world, not the program, is at fault: one line of text and an exit status.

/// The exit statuses of the tools (sysexits.h numbers).
public enum ExitStatus: Int32, Sendable {
  /// The command line is wrong.
  case usage = 64
  /// The input's content is wrong.
  case badData = 65
  /// An input does not exist or cannot be read.
  case missingInput = 66
  /// A bug of ours.
  case bug = 70
  /// An output cannot be created.
  case cannotCreate = 73
  /// Reading or writing failed on the way.
  case ioError = 74
}

/// An error that a tool prints as one line: where, what is wrong, what was expected, what to do.
public protocol Failure: Error, CustomStringConvertible, Sendable {
  var exitStatus: ExitStatus { get }
}

/// A failure that needs no type of its own.
public struct PlainFailure: Failure, Equatable {
  public let exitStatus: ExitStatus
  public let description: String

  public init(_ exitStatus: ExitStatus, _ description: String) {
    self.exitStatus = exitStatus
    self.description = description
  }

  public static func badData(_ text: String) -> PlainFailure { PlainFailure(.badData, text) }
  public static func usage(_ text: String) -> PlainFailure { PlainFailure(.usage, text) }
  public static func missingInput(_ text: String) -> PlainFailure { PlainFailure(.missingInput, text) }
}
