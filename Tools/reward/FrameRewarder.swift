// SPDX-License-Identifier: MIT
// From a frame with completions to their rewards.
import Failures
import Rewards
import StrictJSON
import TensorStream

/// A frame with its rewards, and what they were made of.
struct ScoredFrame {
  var frame: Frame
  let rule: Rule
  let completions: [String]
  /// How each completion ended: "eos", "length", "stop"; empty where nobody says.
  let finish: [String]
  let scores: [Score]
  /// What was scored; nil where there is no answer.
  let spans: [String?]
  /// What the extractor found in a span, where it did: that was scored in its place.
  let extracted: [String?]
  /// Of the rule `yesno`.
  let yesNo: Outcome.YesNo?

  func isCapped(_ index: Int) -> Bool { finish.isEmpty ? false : finish[index] == "length" }
}

/// Adds rewards to frames.
struct FrameRewarder {
  private let options: ScoringOptions
  private let judge: Judge?
  private let extractor: Extractor?
  private let general: Rule?
  private let special: [String: Rule]

  init(_ options: ScoringOptions, judge: Judge?, extractor: Extractor?) {
    self.options = options
    self.judge = judge
    self.extractor = extractor
    general = options.rule.first { $0.name == nil }?.rule
    special = Dictionary(
      options.rule.compactMap { rule in rule.name.map { ($0, rule.rule) } }, uniquingKeysWith: { first, _ in first })
  }

  /// Throws `FrameError` (65) where the frame is not one to score.
  func score(_ frame: Frame) throws -> ScoredFrame {
    let completions = try frame.completions()
    let finish = try frame.finish(count: completions.count)
    let rule = try rule(of: frame)
    let format: AnswerFormat = rule == .format ? .required : options.format
    let spans = completions.map(format.answer)
    let reference = rule.needsReference ? try frame.reference() : Reference("")
    let (scores, extracted) = try scores(of: spans, rule, reference, frame)
    let yesNo = rule == .yesNo ? Outcome.YesNo(reference: reference.text, answers: spans) : nil
    let (written, total) = written(frame, rule, completions, scores, spans, extracted)
    return ScoredFrame(
      frame: written, rule: rule, completions: completions, finish: finish, scores: total, spans: spans,
      extracted: extracted, yesNo: yesNo)
  }

  /// The frame with its rewards, and these with the format's share.
  private func written(
    _ frame: Frame, _ rule: Rule, _ completions: [String], _ scores: [Score], _ spans: [String?],
    _ extracted: [String?]
  ) -> (Frame, [Score]) {
    var frame = frame
    let weight = rule == .format ? 0 : options.formatWeight
    var total = scores
    for rule in Rule.allCases { frame.tensors[.rewards(of: rule.rawValue)] = nil }  // of an earlier scoring
    if weight > 0 {
      let isFollowed = completions.map(AnswerFormat.isFollowed)
      total = zip(scores, isFollowed).map { $0.blended(withFormat: $1, weight: weight) }
      frame.tensors[.rewards(of: Rule.format.rawValue)] = RawTensor(f32: isFollowed.map { $0 ? 1 : 0 })
    }
    frame.tensors[.rewards(of: rule.rawValue)] = RawTensor(f32: scores.map { Float($0.value) })
    frame.tensors[.rewards] = RawTensor(f32: total.map { Float($0.value) })
    frame.metadata[.reward] = rule.rawValue
    frame.metadata[.verdicts] = scores.map(\.verdict.rawValue).joined(separator: ",")
    frame.metadata[.scored] = Self.shown(spans)
    frame.metadata[.extracted] = extracted.contains { $0 != nil } ? Self.shown(extracted) : nil
    return (frame, total)
  }

  private func rule(of frame: Frame) throws -> Rule {
    for key in [MetadataKey.category, .benchmark] {
      if let name = frame.metadata[key], let rule = special[name] { return rule }
    }
    if let general { return general }
    guard let name = frame.metadata[.reward] else {
      throw frame.error("has no metadata \"reward\" that names a rule; give one with --rule")
    }
    guard let rule = Rule(argument: name) else {
      let rules = Rule.allCases.map(\.rawValue).joined(separator: ", ")
      throw frame.error("the metadata \"reward\" is \"\(name)\", expected one of \(rules)")
    }
    return rule
  }

  private func scores(
    of spans: [String?], _ rule: Rule, _ reference: Reference, _ frame: Frame
  ) throws -> (scores: [Score], extracted: [String?]) {
    let nothing = [String?](repeating: nil, count: spans.count)
    if rule == .openEnded, let judge { return (try judge.scores(of: spans, reference, frame), nothing) }
    let scorer: AnswerScorer
    do {
      let space = try options.boxSpace ?? frame.boxSpace()
      scorer = try rule.scorer(
        for: reference, Rule.Options(boxSpace: space, timeout: options.timeout, math: options.mathematics))
    } catch let error as ReferenceError {
      throw frame.error(error.description)
    }
    let scores = spans.map { $0.map(scorer) ?? .unparsable }
    guard let extracted = try extractor?.extracted(from: spans, scores, rule, frame) else { return (scores, nothing) }
    return (zip(scores, extracted).map { score, text in text.map(scorer) ?? score }, extracted)
  }

  private static func shown(_ texts: [String?]) -> String {
    JSONValue.array(texts.map { $0.map { .string(shown($0)) } ?? .null }).text()
  }

  /// Long spans are shortened: a megabyte of nonsense need not travel twice.
  private static func shown(_ span: String) -> String {
    let limit = 1000
    guard span.utf8.count > limit else { return span }
    let scalars = span.unicodeScalars
    return scalars.count > limit ? String(String.UnicodeScalarView(scalars.prefix(limit))) + "…" : span
  }
}

extension Frame {
  /// The texts of the completions; where there is a tensor of them, as many as it has rows.
  fileprivate func completions() throws -> [String] {
    guard let text = metadata[.completions] else {
      throw error("has no metadata \"completions\", a JSON array of texts; run sample before this")
    }
    let values: [JSONValue]?
    do { values = try JSONValue.parse(text, maxDepth: 4).array } catch {
      throw self.error("the metadata \"completions\" is no JSON: \(error)")
    }
    let texts = values?.compactMap(\.string)
    guard let texts, texts.count == values?.count, !texts.isEmpty else {
      throw error("the metadata \"completions\" is no JSON array of texts")
    }
    if let tensor = try optionalTensor(.completions, [.i32], shape: [nil, nil]), tensor.shape[0] != texts.count {
      throw error(
        "\"completions\" has \(tensor.shape[0]) rows, and the metadata has \(texts.count) texts; expected as many"
      )
    }
    return texts
  }

  fileprivate func finish(count: Int) throws -> [String] {
    guard let text = metadata[.finish] else { return [] }
    let finish = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard finish.count == count else {
      throw error("the metadata \"finish\" counts \(finish.count) completions, and there are \(count)")
    }
    return finish
  }

  fileprivate func reference() throws -> Reference {
    guard let text = metadata[.truth] ?? metadata[.answer] else {
      throw error("has no reference: neither metadata \"gt\" nor \"answer\"")
    }
    let choices = metadata[.choices].flatMap { (try? JSONValue.parse($0))?.array?.compactMap(\.string) }
    return Reference(text, choices: choices ?? [])
  }

  fileprivate func boxSpace() throws -> BoxSpace? {
    guard let name = metadata[.boxSpace] else { return nil }
    guard let space = BoxSpace(rawValue: name) else {
      let known = BoxSpace.allCases.map(\.rawValue).joined(separator: ", ")
      throw error("the metadata \"box_space\" is \"\(name)\", expected one of \(known)")
    }
    return space
  }
}
