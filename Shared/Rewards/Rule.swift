// SPDX-License-Identifier: MIT
import Failures
import Glibc
import Mathematics

/// Scores one answer: what `AnswerFormat` took from a completion, never empty.
public typealias AnswerScorer = @Sendable (String) -> Score

/// How an answer is compared with its reference. docs/REWARDS.md has the definitions and their sources.
public enum Rule: String, Sendable, CaseIterable {
  case digit, mcq, math, iou
  case openEnded = "open-ended"
  case exact
  case yesNo = "yesno"
  case vqa, anls, relaxed, format

  /// What rules need to know beside the reference.
  public struct Options: Sendable {
    /// Of `iou`: what the boxes' numbers mean.
    public var boxSpace: BoxSpace?
    /// Of `math`: how long one comparison may take, in seconds.
    public var timeout: Double
    /// Of `math`: how strictly.
    public var math: MathOptions

    public init(boxSpace: BoxSpace? = nil, timeout: Double = 1, math: MathOptions = MathOptions()) {
      self.boxSpace = boxSpace
      self.math = math
      self.timeout = timeout
    }
  }

  /// Whether answers are compared with a reference.
  public var needsReference: Bool { self != .format }

  /// The scorer of one question. What can be done once for all of its answers is done here.
  ///
  /// - Throws: `ReferenceError` where the reference is none for this rule.
  public func scorer(for reference: Reference, _ options: Options = Options()) throws -> AnswerScorer {
    switch self {
    case .digit: try Self.digit(reference)
    case .mcq: try Self.mcq(reference)
    case .math: try Self.math(reference, options.math, timeout: options.timeout)
    case .iou: try Self.iou(reference, options.boxSpace)
    case .openEnded: try Self.openEnded(reference)
    case .exact: try Self.exact(reference)
    case .yesNo: try Self.yesNo(reference)
    case .vqa: try Self.vqa(reference)
    case .anls: try Self.anls(reference)
    case .relaxed: try Self.relaxed(reference)
    // An answer was found; whether its completion is well-formed, `AnswerFormat` tells.
    case .format: { _ in Score(true) }
    }
  }
}

/// VLAA-Thinker's reward from a reward model's scores S (arXiv 2504.11468): 1 - exp(-β (S(answer) - S(reference)))
/// where the answer is the better one, else 0.
///
/// - Parameter beta: β, above 0; the paper does not tell its value.
public func shapedReward(answer: Double, reference: Double, beta: Double) -> Score {
  answer > reference ? Score(graded: -expm1(-beta * (answer - reference))) : Score(false)
}
