// SPDX-License-Identifier: MIT
// Which of the known formats a checkpoint's own chat template writes: by what it writes, not by what it looks like.

import Failures
import Jinja
import StrictJSON

extension PublishedTemplate {
  public enum Comparison: Sendable, Equatable {
    /// A known format, with this system line for conversations that have none; "" for no such line.
    case known(ChatFormat, system: String)
    /// Another format, or one that cannot be told; the reason in words that follow "the chat template", and the known
    /// format that comes nearest.
    case other(String, nearest: ChatFormat = .standard)
  }

  /// Renders conversations of every kind that a manifest can hold, and compares with what the known formats write.
  ///
  /// - image: the image's placeholder where the checkpoint takes images, otherwise nil. A template that knows nothing
  ///   of images is given it as text, as LLaVA's own code does.
  public func compared(image: String?) -> Comparison {
    do {
      let template: JinjaTemplate
      do {
        template = try JinjaTemplate(source.get())
      } catch let error as JinjaError {
        throw PlainFailure.badData("cannot be read: \(error)")
      }
      var furthest: (agreed: Int, comparison: Comparison)?
      for format in ChatFormat.conversations {
        var renderer = Renderer(template: template, tokens: tokens, format: format)
        do {
          let system = try renderer.system(image: image)
          return .known(renderer.format, system: system)
        } catch let failure as any Failure {
          if let best = furthest, best.agreed >= renderer.agreed { continue }
          furthest = (renderer.agreed, .other(failure.description, nearest: format))
        }
      }
      return furthest?.comparison ?? .other("cannot be told")
    } catch let failure as any Failure {
      return .other(failure.description)
    } catch {
      return .other("cannot be read: \(error)")
    }
  }
}

/// A conversation on which templates are compared.
private struct Probe {
  /// What it is, for messages.
  var name: String
  var turns: [ChatTurn]
  var hasImage = false
  /// False for a conversation that is whole.
  var asks = true

  private static let question = ChatTurn(.user, "Is this  a cat,\nor a dog?")
  private static let answer = ChatTurn(.assistant, "A cat.")
  private static let another = ChatTurn(.user, "Sure?")

  /// Conversations of text. The first has no system turn: what the template puts there is its default.
  static let texts = [
    Probe(name: "a question", turns: [question]),
    Probe(name: "a system turn and a question", turns: [ChatTurn(.system, "Be brief."), question]),
    Probe(name: "a second question", turns: [question, answer, another]),
    Probe(name: "a whole conversation", turns: [question, answer, another, ChatTurn(.assistant, "Yes.")], asks: false),
    Probe(
      name: "texts with white space at their ends",
      turns: [ChatTurn(.system, " Be brief.\n"), ChatTurn(.user, " Cat?\n"), ChatTurn(.assistant, "\n No. "), another]),
    Probe(
      name: "an answer with <think>",
      turns: [question, ChatTurn(.assistant, "<think>\nHm.\n</think>\n\nA cat."), another]),
  ]

  static let images = [
    Probe(name: "a question about an image", turns: [question], hasImage: true),
    Probe(name: "a second question about an image", turns: [question, answer, another], hasImage: true),
  ]
}

private struct Renderer {
  let template: JinjaTemplate
  let tokens: JSONObject
  var format: ChatFormat
  /// On how many conversations both agree.
  private(set) var agreed = 0

  init(template: JinjaTemplate, tokens: JSONObject, format: ChatFormat) {
    (self.template, self.tokens, self.format) = (template, tokens, format)
  }

  /// How a turn's content is handed to a template: as a string, or as parts with types.
  private enum Form: CaseIterable {
    case text, parts
  }

  private func render(_ probe: Probe, _ form: Form) throws -> String {
    var variables = tokens
    var imageIsDue = probe.hasImage
    variables["messages"] = .array(
      probe.turns.map { turn in
        var content = JSONValue.string(turn.text)
        if form == .parts {
          let text: JSONValue = ["type": "text", "text": content]
          let hasImage = imageIsDue && turn.role == .user
          content = .array(hasImage ? [["type": "image"], text] : [text])
          if hasImage { imageIsDue = false }
        }
        return ["role": .string(turn.role.rawValue), "content": content]
      })
    variables["add_generation_prompt"] = .bool(probe.asks)
    variables["tools"] = .null
    variables["documents"] = .null
    do {
      return try template.render(variables)
    } catch let error as JinjaError {
      let verb = error.kind == .raised ? "refuses" : "cannot be followed for"
      throw PlainFailure.badData("\(verb) \(probe.name): \(error)")
    }
  }

  /// The system line of a template that writes the format. Throws where it writes anything else.
  mutating func system(image: String?) throws -> String {
    let plain = Probe.texts[0]
    // What a template makes of a form that it does not know is an error, nothing, or Python's picture of the parts.
    let known = Form.allCases.filter { form in
      (try? render(plain, form))?.contains(plain.turns[0].text) ?? false
    }
    let first = try render(plain, known.first ?? .text)
    adoptOpening(of: first, takesImages: image != nil)
    let standard = format.defaultSystem
    let system = format.system(of: first) ?? (!standard.isEmpty && first.contains(standard) ? standard : "")
    for probe in Probe.texts {
      try compare(probe, render(probe, known.first ?? .text), system, image: nil)
    }
    guard let image else { return system }
    for probe in Probe.images {
      var withoutImage = probe
      withoutImage.hasImage = false
      if known.contains(.parts), try render(probe, .parts) != render(withoutImage, .parts) {
        try compare(probe, render(probe, .parts), system, image: image)
      } else if !known.contains(.text) {
        throw PlainFailure.badData("writes nothing for the image of \(probe.name)")
      }
    }
    return system
  }

  /// Takes over whether the template itself writes the token that begins a sequence. If it does not, a processor of
  /// images lets the tokenizer do it; a tokenizer on its own leaves it out (`apply_chat_template` of transformers).
  private mutating func adoptOpening(of text: String, takesImages: Bool) {
    if format.sequenceStart == .everyUserTurn { return }
    if format.sequenceStart == .templates, let token = tokens["bos_token"]?.string, !token.isEmpty,
      text.hasPrefix(token)
    {
      format.open(with: token)
    } else {
      format.opening = takesImages ? .tokenizers : .text("")
    }
  }

  private mutating func compare(_ probe: Probe, _ text: String, _ system: String, image: String?) throws {
    let placeholder = probe.hasImage ? image : nil
    var ours = format.prompt(probe.turns, system: system, hasImage: placeholder != nil, asks: probe.asks)
      .text(image: placeholder)
    var text = text
    if !probe.asks, !format.afterEnd.isEmpty {  // what follows the last end of a turn belongs to no example
      text.dropSuffix(format.afterEnd)
      ours.dropSuffix(format.afterEnd)
    }
    if text.utf8.elementsEqual(ours.utf8) {
      agreed += 1
      return
    }
    let (theirs, known) = excerpts(text, ours)
    throw PlainFailure.badData("writes \(probe.name) as \(theirs), where \(format.title) has \(known)")
  }

  /// Both texts from a little before they part, quoted.
  private func excerpts(_ a: String, _ b: String) -> (String, String) {
    let (a, b) = (Array(a.unicodeScalars), Array(b.unicodeScalars))
    let common = zip(a, b).prefix { $0 == $1 }.count
    let start = common <= 20 ? 0 : common - 12
    func excerpt(_ text: [Unicode.Scalar]) -> String {
      var view = String.UnicodeScalarView()
      view.append(contentsOf: text[min(start, text.count)...].prefix(48))
      let quoted = JSONValue.string(String(view)).text()
      return (start > 0 ? "..." : "") + quoted + (text.count > start + 48 ? "..." : "")
    }
    return (excerpt(a), excerpt(b))
  }
}

extension ChatFormat {
  /// Has `token` in front of everything.
  fileprivate mutating func open(with token: String) {
    if !controls.contains(token) { controls.append(token) }
    opening = .text(token)
  }

  /// The system line that opens `text`, a conversation that has none of its own; "" where a user turn opens it, nil
  /// where neither does.
  fileprivate func system(of text: String) -> String? {
    let opening = if case .text(let text) = opening { text } else { "" }
    let (userStart, inTurn) = (opening + user.before, systemOpensFirstTurn)
    let before = inTurn ? userStart + system.before : opening + system.before
    let after = Array((inTurn ? system.after : system.after + user.before).utf8)
    let isOpened = text.utf8.starts(with: before.utf8)
    if text.utf8.starts(with: userStart.utf8), !(inTurn && isOpened) { return "" }
    guard isOpened else { return nil }
    let rest = Array(text.utf8.dropFirst(before.utf8.count))
    guard rest.count >= after.count,
      let stop = (0...rest.count - after.count).first(where: { rest[$0..<$0 + after.count].elementsEqual(after) })
    else { return nil }
    return String(decoding: rest[..<stop], as: UTF8.self)
  }
}

extension String {
  fileprivate mutating func dropSuffix(_ suffix: String) {
    if utf8.reversed().starts(with: suffix.utf8.reversed()) {
      self = String(decoding: utf8.dropLast(suffix.utf8.count), as: UTF8.self)
    }
  }
}
