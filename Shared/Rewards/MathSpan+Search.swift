// SPDX-License-Identifier: MIT
// Where in a text its final answer is. Every search passes the text once: it may be a megabyte of brackets.

extension MathSpan {
  /// The spans that may be the final answer of a text, to be tried in this order.
  static func candidates(in text: [UInt8]) -> [MathSpan] {
    let search = MathSearch(text)
    let anchor = search.lastAnchor()
    if let box = search.lastBox() {
      // "Final answer: …" behind the last box corrects it.
      if let anchor, anchor.isFinal, anchor.start > box.start { return search.spans(after: anchor) }
      return box.span.map { [$0] } ?? []
    }
    if let anchor {
      let spans = search.spans(after: anchor)
      if !spans.isEmpty { return spans }
    }
    if let formula = search.lastFormula() { return [formula] }
    var spans: [MathSpan] = []
    if text.count <= MathAnswer.maxExpression { spans.append(MathSpan(pieces: [text[...]], isMathMode: false)) }
    if let number = search.lastNumber(in: text[...]) { spans.append(number) }
    return spans
  }
}
