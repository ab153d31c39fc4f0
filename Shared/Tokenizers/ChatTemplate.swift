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

/// Renders chats for one tokenizer.
///
/// chatml (Qwen2's; the image's placeholder opens the first user turn):
///
///     <|im_start|>system\n{system}<|im_end|>\n<|im_start|>user\n<image>\n{question}<|im_end|>\n
///     <|im_start|>assistant\n{answer}<|im_end|>\n
///
/// plain (captions; what the user says is not used): `<image>{caption}\n`
public struct ChatTemplate: Sendable {
  public enum Style: String, Sendable, CaseIterable {
    case chatml, plain
  }

  /// Which tokens are labels.
  public enum Labels: String, Sendable, CaseIterable {
    /// The assistant's words and their end-of-turn token.
    case answer
    /// As the PIVOT paper's code trains (arXiv 2510.16333): assistant turns whole, with header and last newline, and in
    /// every turn each newline token and each `<|im_start|>`.
    case paper
  }

  public static let defaultSystem = "You are a helpful assistant."

  private let tokenizer: Tokenizer
  private let style: Style
  private let labels: Labels
  private let system: String
  private let parseSpecial: Bool
  private let imageID: Int32?
  private let startID: Int32
  private let endID: Int32
  private let newline: [Int32]
  /// Tokens that only the template places.
  private let control: Set<Int32>

  /// - system: the system turn's text; "" for none. A conversation's own system turn replaces it.
  /// - parseSpecial: whether special strings in the texts become special tokens.
  /// - imageID: the placeholder, once an image, whatever its number of patches; nil if the checkpoint has none.
  /// Throws if the tokenizer lacks the template's tokens.
  public init(
    _ style: Style, tokenizer: Tokenizer, imageID: Int32?, system: String = defaultSystem, labels: Labels = .answer,
    parseSpecial: Bool = false
  ) throws {
    func control(_ token: String) throws -> Int32 {
      guard let id = tokenizer.id(of: token) else {
        throw PlainFailure.badData(
          "the tokenizer has no \"\(token)\", which the chatml template needs; --template plain needs none")
      }
      return id
    }
    self.tokenizer = tokenizer
    self.style = style
    self.labels = labels
    self.system = system
    self.parseSpecial = parseSpecial
    self.imageID = imageID
    startID = style == .chatml ? try control("<|im_start|>") : -1
    endID = style == .chatml ? try control("<|im_end|>") : -1
    newline = style == .chatml ? try tokenizer.encode("\n") : []
    self.control = Set([imageID, style == .chatml ? startID : nil, style == .chatml ? endID : nil].compactMap { $0 })
  }

  // MARK: Rendering

  /// Everything before the response: `turns` (system if any, then user and assistant in turn, a user turn last) and the
  /// assistant's header. The mask is all 0 unless the labels are the paper's.
  public func prompt(_ turns: [ChatTurn], hasImage: Bool) throws -> LabelledTokens {
    var out = LabelledTokens()
    if style == .plain {
      guard hasImage else {
        throw PlainFailure.badData("the plain template needs an image; --template chatml takes text without one")
      }
      out.append(try placeholder(), label: { _ in false })
      return out
    }
    var imageIsDue = hasImage
    if turns.first?.role != .system, !system.isEmpty {
      try append(ChatTurn(.system, system), withImage: false, to: &out)
    }
    for turn in turns {
      let opensWithImage = imageIsDue && turn.role == .user
      try append(turn, withImage: opensWithImage, to: &out)
      if opensWithImage { imageIsDue = false }
    }
    try appendHeader(.assistant, to: &out)
    try checkPlaceholders(out.ids, expected: hasImage ? 1 : 0)
    return out
  }

  /// The ids of one response: its text and the end-of-turn token. Labels as the paper's add the newline after it. In
  /// the plain template: the text and a newline.
  public func response(_ text: String) throws -> [Int32] {
    let ids: [Int32] =
      switch style {
      case .plain: try encode(text + "\n")
      case .chatml: try encode(text) + [endID] + (labels == .paper ? newline : [])
      }
    try checkPlaceholders(ids, expected: 0)
    return ids
  }

  /// The supervised rest of a conversation: everything after the first assistant header. `turns` are assistant and user
  /// in turn, an assistant turn first and last.
  public func answer(_ turns: [ChatTurn]) throws -> LabelledTokens {
    var out = LabelledTokens()
    if style == .plain {
      guard turns.count == 1 else {
        throw PlainFailure.badData(
          "the plain template takes one answer, not a conversation of \(turns.count + 1) turns")
      }
      out.append(try response(turns[0].text), label: { _ in true })
      return out
    }
    for (index, turn) in turns.enumerated() {
      if turn.role != .assistant {
        if labels == .answer { out.append(newline, label: { _ in false }) }  // the one after <|im_end|>
        try append(turn, withImage: false, to: &out)
        continue
      }
      if index > 0 { try appendHeader(.assistant, to: &out) }
      out.append(try response(turn.text), label: { _ in true })
    }
    try checkPlaceholders(out.ids, expected: 0)
    return out
  }

  // MARK: Parts

  private func encode(_ text: String) throws -> [Int32] {
    try tokenizer.encode(text, parseSpecial: parseSpecial, literal: control)
  }

  private func isLabel(_ id: Int32, in role: ChatTurn.Role) -> Bool {
    labels == .paper && (role == .assistant || id == startID || newline == [id])
  }

  private func append(_ turn: ChatTurn, withImage: Bool, to out: inout LabelledTokens) throws {
    var ids = [startID]
    if withImage {
      ids += try encode("\(turn.role.rawValue)\n") + placeholder() + encode("\n" + turn.text)
    } else if turn.role == .assistant {
      ids += try encode("\(turn.role.rawValue)\n") + encode(turn.text)
    } else {
      ids += try encode("\(turn.role.rawValue)\n" + turn.text)
    }
    out.append(ids + [endID], label: { isLabel($0, in: turn.role) && $0 != imageID })
    out.append(newline, label: { isLabel($0, in: turn.role) })
  }

  private func appendHeader(_ role: ChatTurn.Role, to out: inout LabelledTokens) throws {
    out.append(try [startID] + encode("\(role.rawValue)\n"), label: { isLabel($0, in: role) })
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
