// SPDX-License-Identifier: MIT
// The part of Jinja2 in which checkpoints write their chat templates, strict and bounded.

import StrictJSON

/// A template, parsed.
///
/// Rendered as transformers' `apply_chat_template` does with Jinja2 (`trim_blocks`, `lstrip_blocks`, loop controls,
/// the tag `generation`, its own `tojson`, nothing can be changed but a namespace). What this interpreter has it
/// computes as Jinja2 does; what it has not ends in an error when it is reached, never in other text. Left out are
/// inheritance, includes, `call` and `filter` blocks, recursive loops, `strftime_now` (a text that depends on the day
/// is no format) and what no chat template was seen to use.
public struct JinjaTemplate: Sendable {
  private let body: [Statement]
  private let limits: JinjaLimits

  /// Throws `JinjaError` where `source` cannot be read.
  public init(_ source: String, limits: JinjaLimits = JinjaLimits()) throws {
    guard source.utf8.count <= limits.source else {
      throw JinjaError(.limit, "the template has more than \(limits.source) bytes", line: 1)
    }
    body = try Parser.parse(source)
    self.limits = limits
  }

  /// The template's text for these variables. Throws `JinjaError`.
  public func render(_ variables: JSONObject) throws -> String {
    try Interpreter(limits).render(
      body, Dictionary(variables.map { ($0.key, Value($0.value)) }, uniquingKeysWith: { $1 }))
  }
}
