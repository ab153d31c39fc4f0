// SPDX-License-Identifier: MIT
// Turns a conversation into token ids and labels. Each turn is tokenised by itself, and what is a label is decided
// while tokenising, never by counting tokens again afterwards.

import Failures

/// One turn of a conversation.
public struct ChatTurn: Sendable, Equatable {
  public enum Role: String, Sendable, CaseIterable {
    case system, user, assistant
  }
  public var role: Role
  public var text: String

  public init(_ role: Role, _ text: String) {
    self.role = role
    self.text = text
  }
}

/// Token ids, and for each whether it is a label (1) or context (0).
public struct LabelledTokens: Sendable, Equatable {
  public private(set) var ids: [Int32] = []
  public private(set) var mask: [UInt8] = []

  mutating func append(_ tokens: [Int32], label: (Int32) -> Bool) {
    ids += tokens
    mask += tokens.map { label($0) ? 1 : 0 }
  }
}

/// Renders chats for one tokenizer, in one format.
public struct ChatTemplate: Sendable {
  /// Which tokens are labels.
  public enum Labels: String, Sendable, CaseIterable {
    /// The assistant's words and their end-of-turn token.
    case answer
    /// As the PIVOT paper's code trains (arXiv 2510.16333): assistant turns whole, with header and last newline, and in
    /// every turn each newline token and each of the format's `paperLabels`: `<|im_start|>`, of ChatML.
    case paper
  }

  private let tokenizer: Tokenizer
  private let format: ChatFormat
  private let labels: Labels
  private let system: String
  private let parseSpecial: Bool
  private let imageID: Int32?
  private let controls: [String: Int32]
  private let newline: [Int32]
  /// Tokens that only the template places.
  private let literal: Set<Int32>
  /// Tokens that are labels of the paper's wherever they stand.
  private let paperLabels: Set<Int32>

  /// - system: the system turn's text; "" for none, nil for the format's own. A conversation's own system turn replaces
  ///   it.
  /// - parseSpecial: whether special strings in the texts become special tokens.
  /// - imageID: the placeholder, once an image, whatever its number of patches; nil if the checkpoint has none.
  /// Throws if the tokenizer lacks the format's tokens.
  public init(
    _ format: ChatFormat, tokenizer: Tokenizer, imageID: Int32?, system: String? = nil, labels: Labels = .answer,
    parseSpecial: Bool = false
  ) throws {
    if labels == .paper, format.paperLabels == nil {
      let titles = ChatFormat.conversations.filter { $0.paperLabels != nil }.map(\.title).joined(separator: ", ")
      throw PlainFailure.usage("--labels paper: these are labels of \(titles), and not of \(format.title)")
    }
    controls = try Dictionary(
      uniqueKeysWithValues: format.controls.map { token in
        guard let id = tokenizer.id(of: token) else {
          throw PlainFailure.badData(
            "the tokenizer has no \"\(token)\", which the \(format.name) template needs; --template names another: "
              + ChatFormat.all.filter { $0 != format }.map(\.name).joined(separator: ", "))
        }
        return (token, id)
      })
    self.tokenizer = tokenizer
    self.format = format
    self.labels = labels
    self.system = system ?? format.defaultSystem
    self.parseSpecial = parseSpecial
    self.imageID = imageID
    newline = labels == .paper ? try tokenizer.encode("\n") : []
    literal = Set(controls.values).union([imageID].compactMap { $0 })
    paperLabels = Set((format.paperLabels ?? []).compactMap { [controls] in controls[$0] })
  }

  // MARK: Rendering

  /// Everything before the response: `turns` (system if any, then user and assistant in turn, a user turn last) and the
  /// assistant's header. The mask is all 0 unless the labels are the paper's.
  public func prompt(_ turns: [ChatTurn], hasImage: Bool) throws -> LabelledTokens {
    var out = LabelledTokens()
    if case .tokenizers = format.opening { out.append(tokenizer.opening, label: { _ in false }) }
    if format.isPlain {
      guard hasImage else {
        throw PlainFailure.badData(
          "the plain template needs an image; --template \(ChatFormat.standard.name) takes text without one")
      }
      out.append(try placeholder(), label: { _ in false })
      return out
    }
    try append(format.prompt(turns, system: system, hasImage: hasImage), at: .start, to: &out, label: isPapersLabel)
    try checkPlaceholders(out.ids, expected: hasImage ? 1 : 0)
    return out
  }

  /// The ids of one response: its text and the end-of-turn token. Labels as the paper's add the newline after it. In
  /// the plain template: the text and a newline.
  public func response(_ text: String) throws -> [Int32] {
    var parts = format.response(text)
    if labels == .paper { parts.parts += format.parts(of: format.afterEnd) }
    var out = LabelledTokens()
    try append([parts], at: format.isPlain ? .afterToken : .inside, to: &out) { _, _ in true }
    try checkPlaceholders(out.ids, expected: 0)
    return out.ids
  }

  /// The supervised rest of a conversation: everything after the first assistant header. `turns` are assistant and user
  /// in turn, an assistant turn first and last.
  public func answer(_ turns: [ChatTurn]) throws -> LabelledTokens {
    var out = LabelledTokens()
    if format.isPlain, turns.count != 1 {
      throw PlainFailure.badData("the plain template takes one answer, not a conversation of \(turns.count + 1) turns")
    }
    for turn in turns {
      if turn.role == .assistant {
        out.append(try response(turn.text), label: { _ in true })
        continue
      }
      // What stands behind the end of the turn before is a label of the paper's only, and then of that turn.
      let between = labels == .paper ? [] : [ChatParts(role: .user, parts: format.parts(of: format.afterEnd))]
      let turns = [format.userTurn(turn.text), format.assistantHeader(cut: true)]
      try append(between + turns, at: .afterToken, to: &out, label: isPapersLabel)
    }
    try checkPlaceholders(out.ids, expected: 0)
    return out
  }

  // MARK: Parts

  private func isPapersLabel(_ id: Int32, in role: ChatTurn.Role) -> Bool {
    guard labels == .paper, id != imageID else { return false }
    return role == .assistant || paperLabels.contains(id) || newline == [id]
  }

  /// Appends the ids of `turns`. Text between two tokens, or a token and a cut, is tokenised at once.
  private func append(
    _ turns: [ChatParts], at place: TextPlace, to out: inout LabelledTokens, label: (Int32, ChatTurn.Role) -> Bool
  ) throws {
    var (text, place) = ("", place)
    func flush(_ role: ChatTurn.Role, _ next: TextPlace) throws {
      let ids = try tokenizer.encode(text, parseSpecial: parseSpecial, literal: literal, place: place)
      out.append(ids, label: { label($0, role) })
      (text, place) = ("", next)
    }
    func append(_ ids: [Int32], _ role: ChatTurn.Role) throws {
      try flush(role, .afterToken)
      out.append(ids, label: { label($0, role) })
    }
    for turn in turns {
      for part in turn.parts {
        switch part {
        case .text(let more): text += more
        case .token(let token): try append([controls[token]].compactMap { $0 }, turn.role)
        case .image: try append(placeholder(), turn.role)
        case .cut: try flush(turn.role, .inside)
        }
      }
      if labels == .paper { try flush(turn.role, .inside) }  // a turn's labels depend on its role
    }
    if let role = turns.last?.role { try flush(role, .inside) }
  }

  private func placeholder() throws -> [Int32] {
    guard let imageID else {
      throw PlainFailure.badData(
        "the checkpoint's config.json has neither \"image_token_index\" nor \"image_token_id\": it takes no image in a prompt"
      )
    }
    return [imageID]
  }

  private func checkPlaceholders(_ ids: [Int32], expected: Int) throws {
    guard let imageID else { return }
    let count = ids.count { $0 == imageID }
    guard count == expected else {
      let token = tokenizer.token(imageID) ?? "id \(imageID)"
      throw PlainFailure.badData(
        "the text holds the image placeholder \"\(token)\" (\(count) in all, expected \(expected)); "
          + "without --parse-special it would be plain text")
    }
  }
}
