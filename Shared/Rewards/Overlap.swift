// SPDX-License-Identifier: MIT
// ROUGE-L: how much of a text's words another has, in the same order.

extension Rule {
  /// ROUGE-L's F measure (Lin, ROUGE: a package for automatic evaluation of summaries, ACL 2004, with β = 1) over
  /// lower-case words; of several references the best. The stand-in for VLAA-Thinker's reward model, which `--judge`
  /// brings in.
  static func openEnded(_ reference: Reference) throws -> AnswerScorer {
    let references = reference.alternatives.map { CommonSubsequence(words($0)) }
    guard references.contains(where: { $0.count > 0 }) else { throw reference.wrong(.openEnded, "it has no words") }
    return { answer in
      let answer = words(answer)
      guard !answer.isEmpty else { return .unparsable }
      let scores = references.map { reference in
        // F = 2PR / (P + R) with P = common / answer and R = common / reference
        2 * Double(reference.length(with: answer)) / Double(answer.count + reference.count)
      }
      return Score(graded: scores.max() ?? 0)
    }
  }
}

/// The longest common subsequence of one sequence with others, its length only: a bit for each element, a step for
/// each of the other's, so that even an answer of a megabyte takes moments (Hyyrö, Bit-parallel LCS-length
/// computation revisited, AWOCA 2004).
struct CommonSubsequence: Sendable {
  /// The elements.
  let count: Int
  /// Element → where it stands, a bit a position.
  private let positions: [String: [UInt64]]

  init(_ sequence: [String]) {
    count = sequence.count
    let size = (sequence.count + 63) / 64
    var positions: [String: [UInt64]] = [:]
    for (position, element) in sequence.enumerated() {
      positions[element, default: [UInt64](repeating: 0, count: size)][position / 64] |= 1 << UInt64(position % 64)
    }
    self.positions = positions
  }

  /// The length of the longest common subsequence.
  func length(with other: [String]) -> Int {
    var row = [UInt64](repeating: .max, count: (count + 63) / 64)
    for element in other {
      guard let matches = positions[element] else { continue }
      var carry: UInt64 = 0
      for block in row.indices {
        let hits = row[block] & matches[block]
        let (sum, a) = row[block].addingReportingOverflow(hits)
        let (carried, b) = sum.addingReportingOverflow(carry)
        row[block] = carried | (row[block] & ~matches[block])
        carry = a || b ? 1 : 0
      }
    }
    // A zero is a position where the subsequence grows.
    var zeros = row.reduce(0) { $0 + (~$1).nonzeroBitCount }
    if count % 64 != 0, let last = row.last { zeros -= (~last >> UInt64(count % 64)).nonzeroBitCount }
    return zeros
  }
}
