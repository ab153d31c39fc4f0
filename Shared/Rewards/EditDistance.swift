// SPDX-License-Identifier: MIT

extension Rule {
  /// Average normalised Levenshtein similarity of one question (Biten et al., Scene text visual question answering,
  /// ICCV 2019, arXiv 1905.13648, equation 1): the best over the references of 1 - NL where NL < 0.5, else 0. NL is
  /// the edit distance over the longer text's length, in lower case and with single spaces.
  static func anls(_ reference: Reference) throws -> AnswerScorer {
    let references = reference.alternatives.map { scalars($0) }
    guard references.allSatisfy({ !$0.isEmpty }) else { throw reference.wrong(.anls, "it is empty") }
    return { answer in
      let answer = scalars(answer)
      guard !answer.isEmpty else { return .unparsable }
      return Score(graded: references.map { similarity($0, answer) }.max() ?? 0)
    }
  }

  private static func scalars(_ text: String) -> [UInt32] { text.lowercased().collapsed.unicodeScalars.map(\.value) }

  private static func similarity(_ a: [UInt32], _ b: [UInt32]) -> Double {
    let longer = max(a.count, b.count)
    // NL < 0.5 asks for a distance below half the longer text: a much longer answer needs no work at all.
    guard let distance = editDistance(a, b, below: (longer + 1) / 2) else { return 0 }
    return 1 - Double(distance) / Double(longer)
  }
}

/// Levenshtein's distance where it is below `limit`, else nil. Only the diagonals within the limit are looked at, and
/// it ends as soon as all of them have reached it (Ukkonen, Information and Control 64, 1985).
func editDistance(_ a: [UInt32], _ b: [UInt32], below limit: Int) -> Int? {
  let (short, long) = a.count < b.count ? (a, b) : (b, a)
  guard limit > 0, long.count - short.count < limit else { return nil }
  let far = limit  // stands for everything from the limit on
  var row = (0...short.count).map { min($0, far) }
  for i in 1...max(1, long.count) where i <= long.count {
    let first = max(1, i - limit)
    let last = min(short.count, i + limit)
    guard first <= last else { return nil }
    var diagonal = row[first - 1]
    row[first - 1] = first == 1 ? min(i, far) : far
    var best = row[first - 1]
    for j in first...last {
      let above = row[j]
      let change = long[i - 1] == short[j - 1] ? diagonal : diagonal + 1
      row[j] = min(far, change, above + 1, row[j - 1] + 1)
      diagonal = above
      best = min(best, row[j])
    }
    if best >= far { return nil }
  }
  return row[short.count] < limit ? row[short.count] : nil
}
