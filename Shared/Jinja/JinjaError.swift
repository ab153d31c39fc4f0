// SPDX-License-Identifier: MIT
import Failures

/// Why a template could not be read or rendered, and where.
public struct JinjaError: Failure, Equatable {
  public enum Kind: Sendable, Equatable {
    /// The source is no template: a tag is cut off, an operator has nothing beside it...
    case syntax
    /// Jinja2 knows it, this interpreter does not.
    case unsupported
    /// The template computes what cannot be computed: a key of nothing, a sum of a text and a number.
    case evaluation
    /// The template called `raise_exception`.
    case raised
    /// The template costs more than `JinjaLimits` allows.
    case limit
  }

  public let kind: Kind
  /// What is wrong; for `raised` the template's own words.
  public let message: String
  /// The line of the template, from 1.
  public let line: Int

  init(_ kind: Kind, _ message: String, line: Int) {
    self.kind = kind
    self.message = message
    self.line = line
  }

  public var exitStatus: ExitStatus { .badData }

  public var description: String { "line \(line): \(kind == .raised ? "raises \"\(message)\"" : message)" }
}

/// What a template may cost. Templates come with checkpoints of strangers: whatever one says, rendering ends.
public struct JinjaLimits: Sendable {
  /// Bytes of source.
  public var source = 1 << 20
  /// Evaluations; work inside one operation counts by its size.
  public var steps = 1 << 20
  /// Bytes of text made on the way, the output among them.
  public var bytes = 1 << 24

  public init() {}

  /// How deep expressions, statements, values and macros may be nested, each.
  static let nesting = 64
  /// How deep evaluation may recurse through all of them together.
  static let recursion = 400
}
