// SPDX-License-Identifier: MIT
// Where in a text its final answer is. Every search passes the text once: it may be a megabyte of brackets.
import Mathematics

extension MathSearch {
  /// What may be the final answer of a text, to be tried in this order; a bare answer is read whole, before anything is
  /// searched.
  static func candidates(in text: [UInt8]) -> (first: [WrittenAnswer], others: () -> [WrittenAnswer]) {
    let search = MathSearch(MathText(text))
    guard search.isBare else { return (search.candidates(), { [] }) }
    return ([WrittenAnswer(pieces: [search.text[...]], isMathMode: false, isSentence: true)], search.candidates)
  }
}

extension MathSearch {
  /// No formula, box or announcement.
  fileprivate var isBare: Bool {
    text.count <= WrittenAnswer.maxLength && emphases.isEmpty && formulas.isEmpty && lastBox() == nil
      && lastAnchor() == nil
  }

  fileprivate func candidates() -> [WrittenAnswer] {
    let anchor = lastAnchor()
    if let box = lastBox() {
      // "Final answer: …" behind the last box corrects it.
      if let anchor, anchor.isFinal, anchor.start > box.start { return spans(after: anchor) ?? [] }
      if let correction = correction(from: box.end) { return statement(from: correction) }
      let stop = sentenceEnd(from: box.end, limit: min(text.count, box.end + 60))
      if deniesWhatFollows(box.start) || isDenied(from: box.end, behind: stop) { return [] }
      return box.span.map { [$0] } ?? []
    }
    if let anchor {
      guard let spans = spans(after: anchor) else {
        let stop = sentenceEnd(from: anchor.starts[0], limit: text.count)
        return statement(from: correction(from: stop) ?? stop + 1)
      }
      if !spans.isEmpty { return spans }
      return []
    }
    if let span = onlyEmphasis() { return [span] }
    if !emphases.isEmpty, formulas.isEmpty, text.count <= WrittenAnswer.maxLength {
      return [WrittenAnswer(pieces: [text[...]], isMathMode: false, isSentence: true)] + statement(from: 0)
    }
    return statement(from: 0)
  }

  fileprivate func statement(from start: Int) -> [WrittenAnswer] {
    guard start < text.count else { return [] }
    switch lastStatement(from: start) {
    case .found(let span): return [span]
    case .refused: return []
    case .none: return start == 0 ? lastFormula().map { [$0] } ?? [] : []
    }
  }

  /// The one value that is emphasised, if the text emphasises one.
  fileprivate func onlyEmphasis() -> WrittenAnswer? {
    guard !emphases.isEmpty, emphases.count <= 16 else { return nil }
    var only: MathItem?
    for range in emphases where range.count <= 200 {
      let all = items(in: range)
      guard all.count == 1, all[0].isValue, !all[0].isBroken, !hasProse(range, beside: all[0]) else { continue }
      if let only, only.content != all[0].content { return nil }
      only = all[0]
    }
    guard let only else { return nil }
    let start = text[..<only.range.lowerBound].lastIndex { $0 == 10 }.map { $0 + 1 } ?? 0
    let stop = sentenceEnd(from: only.range.upperBound, limit: text.count)
    let sentenceStart = sentenceBegin(before: only.range.lowerBound, from: start)
    guard case .found(let span) = result(of: [only], in: sentenceStart..<stop, isAnnounced: false) else { return nil }
    return stop < text.count && text[stop] == UInt8(ascii: "?") ? nil : span
  }

  private func sentenceBegin(before end: Int, from start: Int) -> Int {
    var first = start
    while true {
      let stop = sentenceEnd(from: first, limit: end)
      if stop >= end { return first }
      first = stop + 1
    }
  }

  /// Words beside the value, as in **Step 2**.
  private func hasProse(_ range: Range<Int>, beside item: MathItem) -> Bool {
    words(in: range.lowerBound..<max(range.lowerBound, item.range.lowerBound)).contains {
      MathLexicon.names.contains($0)
    }
      || words(in: min(item.range.upperBound, range.upperBound)..<range.upperBound).count > 4
  }

  /// "The answer is not", "x ≠"
  fileprivate func deniesWhatFollows(_ index: Int) -> Bool {
    let start = text[..<index].lastIndex { $0 == 10 || $0 == UInt8(ascii: ".") }.map { $0 + 1 } ?? 0
    // Most boxes are announced without an n.
    guard text[max(start, index - 40)..<index].contains(where: { $0 | 0x20 == UInt8(ascii: "n") }) else { return false }
    let words = words(in: max(start, index - 40)..<index)
    if text[max(0, index - 12)..<index].contains(subsequence: "\\ne".utf8) { return true }
    return words.suffix(2).contains { MathLexicon.denials.contains($0) || $0.hasSuffix("n't") }
  }

}

extension ArraySlice<UInt8> {
  fileprivate func contains(subsequence: String.UTF8View) -> Bool {
    indices.contains { self[$0...].starts(with: subsequence) }
  }
}
