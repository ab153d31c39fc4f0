// SPDX-License-Identifier: MIT
// A total and its parts: "5 dogs: 2 black and 3 brown".
import Characters

extension MathSearch {
  /// Without the parts that follow their total: they add up to it or multiply to it, or are said to be some of it.
  func withoutParts(_ items: [MathItem], in sentence: Range<Int>) -> [MathItem] {
    guard items.count > 1, !items[0].isFormula else { return items }
    // "5 dogs, 2 of which are black"; what comes behind such parts ("so the probability is 2/5") is no part.
    var kept = items
    while kept.count > 1, isPartOfTotal(items, kept.count - 1, in: sentence) { kept.removeLast() }
    if kept.count < items.count { return kept }
    let between = text[items[0].range.upperBound..<items[1].range.lowerBound]
    return between.contains(UInt8(ascii: ":")) && addUp(items) ? [items[0]] : items
  }

  /// Whether "of which", "of them" and the like stand behind an item.
  private func isPartOfTotal(_ items: [MathItem], _ index: Int, in sentence: Range<Int>) -> Bool {
    let end = items[index].range.upperBound
    let next = index + 1 < items.count ? items[index + 1].range.lowerBound : sentence.upperBound
    let behind = words(in: end..<min(next, end + 24)).prefix(2)
    return behind.first == "of" && ["which", "whom", "them", "these", "those"].contains(behind.last ?? "")
  }

  /// Whether the first of some integers is the sum or the product of the others.
  private func addUp(_ items: [MathItem]) -> Bool {
    guard let total = integers(items[0]).first, integers(items[0]).count == 1 else { return false }
    let parts = items.dropFirst().flatMap(integers)
    guard parts.count > 1, parts.count < 16, items.dropFirst().allSatisfy({ !$0.isRelation && !$0.isFormula }) else {
      return false
    }
    var product = 1
    for part in parts { product = product.multipliedReportingOverflow(by: part).partialValue }
    return parts.reduce(0, +) == total || product == total
  }

  /// The runs of digits of an item, up to six digits each; nothing but products stands between them.
  private func integers(_ item: MathItem) -> [Int] {
    let bytes = item.content.filter { $0 > 32 }
    let text = String(decoding: bytes, as: UTF8.self)
    let runs = text.split { "×*·".contains($0) }
    let numbers = runs.compactMap { $0.utf8.count < 7 && $0.utf8.allSatisfy(\.isDigit) ? Int($0) : nil }
    return numbers.count == runs.count ? numbers : []
  }
}
