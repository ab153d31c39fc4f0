// SPDX-License-Identifier: MIT
// Values that belong together: "2 and 3", and those that do not: "2 cats and 3 dogs".
import Characters
import Mathematics

extension MathSearch {
  /// The items that "and", "or" and commas join to the chosen one.
  func joined(_ items: [MathItem], around index: Int) -> Range<Int> {
    var (first, last) = (index, index)
    while first > 0, isJoined(items[first - 1], items[first]), last - first < 15 { first -= 1 }
    while last + 1 < items.count, isJoined(items[last], items[last + 1]), last - first < 15 { last += 1 }
    return first..<last + 1
  }

  func isJoined(_ a: MathItem, _ b: MathItem) -> Bool {
    guard a.range.upperBound < b.range.lowerBound else { return false }
    let between = text[a.range.upperBound..<b.range.lowerBound]
    guard between.contains(where: { $0 > 32 }), isJoint(between) else { return false }
    // "In 2019, 45 %" is no list.
    return a.isRelation && b.isRelation || !isPlace(a, from: max(0, a.range.lowerBound - 24))
  }

  /// "5 cats and 3 dogs", "4 or maybe 5"
  func isOneOfSeveral(
    _ items: [MathItem], _ group: Range<Int>, _ all: [MathItem], _ sentence: Range<Int>
  ) -> Bool {
    if isFactor(items, group) { return true }
    if group.lowerBound > 0 {
      let (a, b) = (items[group.lowerBound - 1], items[group.lowerBound])
      if a.isFormula == b.isFormula, a.isValue, b.isRelation == a.isRelation {
        let between = words(in: a.range.upperBound..<b.range.lowerBound)
        if between.contains("or") || between.last == "and" { return true }
        if between.contains("and"), !states(b, all, sentence) { return true }
        let mark = text[a.range.upperBound..<b.range.lowerBound].last { $0 > 32 }
        if mark == UInt8(ascii: ","), between.isEmpty, !isPlace(a, from: previous(a, all, sentence)) { return true }
        if mark == nil || isMeasure(between) { return true }
      }
    } else if let first = items.first,
      let word = words(in: sentence.lowerBound..<first.range.lowerBound).last, ["or", "and", "either"].contains(word),
      group.lowerBound == 0
    {
      return word != "and"
    }
    if group.upperBound < items.count {
      let (a, b) = (items[group.upperBound - 1], items[group.upperBound])
      let between = words(in: a.range.upperBound..<b.range.lowerBound)
      if between.contains("or") || isMeasure(between) { return true }
      if between.last == "and", a.isFormula == b.isFormula, a.isRelation == b.isRelation { return true }
      // "3 triangles, 2 squares"
      let mark = text[a.range.upperBound..<b.range.lowerBound].last { $0 > 32 }
      if mark == UInt8(ascii: ","), !between.isEmpty, !a.isFormula, !b.isFormula, !b.isRelation { return true }
      if text[a.range.upperBound..<b.range.lowerBound].allSatisfy({ $0 <= 32 }) { return true }
    }
    return false
  }

  /// 2 and 3 of "2 cm × 3 cm"
  private func isFactor(_ items: [MathItem], _ group: Range<Int>) -> Bool {
    [group.lowerBound - 1, group.upperBound - 1].contains { index in
      guard index >= 0, index + 1 < items.count else { return false }
      let between = text[items[index].range.upperBound..<items[index + 1].range.lowerBound]
      return String(decoding: between.suffix(48), as: UTF8.self).contains("×")
    }
  }

  /// Units alone: "2 hours 30 minutes".
  func isMeasure(_ words: [String]) -> Bool {
    !words.isEmpty && words.allSatisfy { isUnit($0, isFirst: true) }
  }

  /// 12 of "5 of the 12" and "5 out of 12", 5 of "3 to 5" and "3 by 5".
  func isPartOfWhole(_ items: [MathItem], _ index: Int, _ start: Int) -> Bool {
    if isOneOf(words(in: start..<items[index].range.lowerBound)) { return true }
    guard index > 0 else {
      guard index + 1 < items.count else { return false }
      let between = words(in: items[0].range.upperBound..<items[1].range.lowerBound)
      // "5 in 8", but "45 in 2019"
      if between == ["in"], items[1].content.count != 4 { return true }
      return ["to", "by", "out", "of"].contains(between.first ?? "") && between.count < 4
    }
    let between = words(in: items[index - 1].range.upperBound..<items[index].range.lowerBound)
    let isShare = between.first == "of" || between.first == "out" || between.suffix(2) == ["of", "the"]
    return isShare && between.count < 4 || between == ["to"] || between == ["by"]
  }

  /// "One of the" 5, "one in" 5
  private func isOneOf(_ words: [String]) -> Bool {
    let shares = [
      "one", "some", "most", "many", "few", "several", "half", "none", "each", "any", "part", "two", "three",
    ]
    var words = words[...]
    while let last = words.last, ["the", "these", "those", "all"].contains(last) { words.removeLast() }
    guard let last = words.popLast(), let first = words.last else { return false }
    return last == "of" && shares.contains(first) || last == "in" && ["one", "two", "three", "four"].contains(first)
  }

  /// The items as one answer, with the units that follow.
  func span(of items: [MathItem]) -> WrittenAnswer {
    let isPercent = items.last.map { self.isPercent(after: $0.range.upperBound) && !$0.content.contains(37) } ?? false
    return WrittenAnswer(
      pieces: items.map { $0.content[...] + units(after: $0) }, isMathMode: items.contains(where: \.isFormula),
      isPercent: isPercent)
  }

  /// "cm", "square feet", "miles per hour", "million" behind an item.
  func units(after item: MathItem) -> ArraySlice<UInt8> {
    var index = scaleEnd(behind: item.range.upperBound)
    var stop = index
    var isFirst = true
    while index < text.count, index - item.range.upperBound < 48 {
      while index < text.count, text[index] == 32 { index += 1 }
      let start = index
      while index < text.count, text[index].isLetter { index += 1 }
      let word = String(decoding: text[start..<index], as: UTF8.self)
      guard index > start, isUnit(word, isFirst: isFirst) else { break }
      while index < text.count, text[index] == UInt8(ascii: "^") || text[index].isDigit { index += 1 }
      while text[index...].starts(with: "²".utf8) || text[index...].starts(with: "³".utf8) { index += 2 }
      if index < text.count, text[index] == UInt8(ascii: "."), word == "sq" || word == "cu" { index += 1 }
      stop = index
      if index < text.count, text[index] == UInt8(ascii: "/") { index += 1 }
      isFirst = false
    }
    guard stop > item.range.upperBound else { return [] }
    let unit = text[item.range.upperBound..<stop].filter { $0 != UInt8(ascii: ".") }
    guard !item.isFormula, !item.content.contains(UInt8(ascii: "\\")) else {
      return "\\text{ ".utf8 + unit + [UInt8(ascii: "}")]
    }
    return unit[...]
  }

  /// Where 万 and its like end behind a number.
  private func scaleEnd(behind index: Int) -> Int {
    guard index < text.count, text[index] >= 0xE0 else { return index }
    let rest = String(decoding: text[index..<min(index + 12, text.count)], as: UTF8.self)
    return index + Units.scale(of: rest).length
  }

  func isUnit(_ word: String, isFirst: Bool) -> Bool {
    if word.utf8.first.map({ $0 >= 0xE0 }) ?? false { return Units.scale(of: word).length == word.utf8.count }
    let lower = word.lowercased()
    if Lexicon.scales[lower] != nil { return true }
    if lower == "per" || lower == "squared" || lower == "cubed" { return true }
    if ["in", "a", "t", "k", "n", "j", "v", "w", "l"].contains(word) { return !isFirst && word != "in" && word != "a" }
    return Units.name(word) != nil
  }
}
