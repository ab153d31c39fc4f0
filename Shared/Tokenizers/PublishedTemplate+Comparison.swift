// SPDX-License-Identifier: MIT
// Whether a checkpoint's own chat template says the same as ChatML: by what it writes, not by what it looks like.

import Failures
import Jinja
import StrictJSON

extension PublishedTemplate {
  public enum Comparison: Sendable, Equatable {
    /// ChatML, with this system line for conversations that have none; "" for no such line.
    case chatML(system: String)
    /// Another format, or one that cannot be told; the reason in words that follow "the chat template".
    case other(String)
  }

  /// Renders conversations of every kind that a manifest can hold, and compares with `ChatTemplate`'s style `chatml`.
  ///
  /// - image: the image's placeholder where the checkpoint takes images, otherwise nil. A template that knows nothing
  ///   of images is given it as text, as LLaVA's own code does.
  public func comparedWithChatML(image: String?) -> Comparison {
    do {
      let template: JinjaTemplate
      do {
        template = try JinjaTemplate(source.get())
      } catch let error as JinjaError {
        throw PlainFailure.badData("cannot be read: \(error)")
      }
      let renderer = Renderer(template: template, tokens: tokens)
      return .chatML(system: try renderer.system(image: image))
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

  /// The system line of a template that writes ChatML. Throws where it writes anything else.
  func system(image: String?) throws -> String {
    let plain = Probe.texts[0]
    // What a template makes of a form that it does not know is an error, nothing, or Python's picture of the parts.
    let known = Form.allCases.filter { form in
      (try? render(plain, form))?.contains(plain.turns[0].text) ?? false
    }
    let system = ChatML.system(of: try render(plain, known.first ?? .text)) ?? ChatTemplate.defaultSystem
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

  private func compare(_ probe: Probe, _ text: String, _ system: String, image: String?) throws {
    var (text, ours) = (text, ChatML.text(probe.turns, system: system, image: image, asks: probe.asks))
    if !probe.asks {  // what follows the last end of a turn belongs to no example
      if text.utf8.last == UInt8(ascii: "\n") { text.unicodeScalars.removeLast() }
      ours.unicodeScalars.removeLast()
    }
    if text.utf8.elementsEqual(ours.utf8) { return }
    let (theirs, chatML) = excerpts(text, ours)
    throw PlainFailure.badData("writes \(probe.name) as \(theirs), where ChatML has \(chatML)")
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
