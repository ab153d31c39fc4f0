// SPDX-License-Identifier: MIT
// The three parts of a multimodal LLM, and the canonical name of a tensor, which says what it belongs to.

/// A part of a multimodal LLM. The raw value is its name on the command line and in reports.
public enum Part: String, CaseIterable, Sendable, Comparable {
  case vision, projector, llm

  /// The prefix of the part's canonical names.
  public var prefix: String {
    switch self {
    case .vision: "vision_tower."
    case .projector: "multi_modal_projector."
    case .llm: "language_model."
    }
  }

  /// The part a canonical name belongs to.
  public init?(ofCanonical name: String) {
    guard let part = Part.allCases.first(where: { name.hasPrefix($0.prefix) }) else { return nil }
    self = part
  }

  public static func < (a: Part, b: Part) -> Bool {
    (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
  }
}
