// SPDX-License-Identifier: MIT
// One example of a manifest, understood and checked, before its image is opened.

import StrictJSON
import TensorStream
import Tokenizers

/// How manifests are read.
public struct ManifestOptions: Sendable {
  /// An answer needs no question, and `caption` is another name for `answer`.
  public var takesCaptions: Bool
  /// Keys that are metadata although they look like something else.
  public var metadataKeys: Set<String>

  public init(takesCaptions: Bool = false, metadataKeys: Set<String> = []) {
    self.takesCaptions = takesCaptions
    self.metadataKeys = metadataKeys
  }
}

/// What a manifest says about one example.
public struct ManifestExample: Sendable {
  public var place: ManifestPlace
  public var id: String
  /// Paths as they can be opened.
  public var image: String?
  public var rejectedImage: String?
  public var mask: String?
  /// System turn if any, then user and assistant in turn up to the last question; nil where nothing is asked.
  public var prompt: [ChatTurn]?
  public var chosen: String?
  public var rejected: String?
  /// Assistant and user in turn, an assistant turn first and last; empty where there is no answer.
  public var answer: [ChatTurn] = []
  public var choices: [String] = []
  public var label: Int32?
  /// `id`, texts, and every key that has no meaning of its own, as strings.
  public var metadata = Metadata()
  /// What there is to say about its keys.
  public private(set) var remarks: [KeyRemark] = []

  /// An image with its class.
  init(place: ManifestPlace, id: String, image: String, label: Int32, class name: String) {
    self.place = place
    self.id = id
    self.image = image
    self.label = label
    metadata = ["id": id, "class": name]
  }

  /// - folder: where relative paths begin.
  init(
    _ object: JSONObject, at place: ManifestPlace, defaultID: String, folder: String, options: ManifestOptions,
    classes: inout ClassNumbers
  ) throws {
    var fields = Fields(object: object, place: place)
    switch fields.value("id") {
    case nil: break
    case .string(let id)?: fields.place.id = id
    case .int(let id)?: fields.place.id = "\(id)"
    case let id?: throw fields.mismatch("id", id, expected: "a string or a whole number")
    }
    id = fields.place.id ?? defaultID
    fields.place.id = id
    self.place = fields.place

    func resolved(_ path: String?) throws -> String? {
      if let path, path.contains("://") || path.hasPrefix("data:") {
        throw fields.error("\"\(path.prefix(60))\" is an address or data, expected a picture's file")
      }
      return path.map { $0.hasPrefix("/") ? $0 : folder == "." ? $0 : folder + "/" + $0 }
    }
    for key in ["video", "videos", "audio", "audios"] where fields.value(key) != nil {
      if fields.value(key)?.array?.isEmpty == true { continue }
      throw fields.error("has \"\(key)\": only still images are read")
    }
    image = try resolved(try fields.oneOf(["image", "images"]).flatMap { try fields.path($0) })
    rejectedImage = try resolved(try fields.path("image_rejected"))
    mask = try resolved(try fields.path("mask"))
    if image == nil, rejectedImage != nil || mask != nil {
      throw fields.error("has \"\(mask == nil ? "image_rejected" : "mask")\" but no \"image\"")
    }

    label = try classes.label(in: fields)
    try readPrompt(fields, options)
    try readSystem(fields)
    try readResponses(fields, options)
    let gt = try readChoices(fields)
    metadata[.id] = id
    try addMetadata(fields, gt: gt)
    remarks = try remarks(on: fields, options)
    guard image != nil || prompt != nil else {
      throw fields.error("has neither an image nor a question; its keys are \(fields.keyList)")
    }
  }

  // MARK: Question and answers

  private mutating func readPrompt(_ fields: Fields, _ options: ManifestOptions) throws {
    if let key = try fields.oneOf(["question", "prompt"]), let question = try fields.text(key) {
      prompt = [ChatTurn(.user, try withoutMarker(question, ImageMarker.removed(fromQuestion:), key, fields))]
    }
    guard let key = try fields.oneOf(["conversations", "messages"]), var turns = try fields.conversation(key) else {
      return
    }
    guard prompt == nil else { throw fields.error("has both \"\(key)\" and a question, expected one of them") }
    if let first = turns.firstIndex(where: { $0.role == .user }) {
      turns[first].text = try withoutMarker(turns[first].text, ImageMarker.removed(fromTurn:), key, fields)
      // Left as text it would teach the marker's letters, and the picture would stand in the first turn.
      for (index, turn) in turns.enumerated() where index > first && turn.role == .user {
        guard ImageMarker.removed(fromQuestion: turn.text) == nil else {
          throw fields.error(
            "\"\(key)\", turn \(index): has the marker \"\(ImageMarker.text)\", expected it in the first user turn only: an example "
              + "has one image so far, and it stands there")
        }
      }
    }
    // Everything up to the first reply is the prompt; a conversation that ends with a question waits for its response.
    let reply = turns.firstIndex { $0.role == .assistant }
    if turns.last?.role == .assistant, let reply {
      prompt = Array(turns[..<reply])
      answer = Array(turns[reply...])
      guard fields.value("chosen") == nil, fields.value("rejected") == nil, fields.value("answer") == nil else {
        throw fields.error(
          "\"\(key)\" ends with the assistant's turn, expected the user's before \"chosen\", \"rejected\" or \"answer\""
        )
      }
    } else {
      prompt = turns
      guard turns.last?.role == .user else { throw fields.error("\"\(key)\" has no user turn") }
    }
  }

  /// ShareGPT's key `system`: the system turn of the question or conversation beside it. Its files write "" for none of
  /// its own. A line that asks nothing has no use for one: then the key is metadata like any other.
  private mutating func readSystem(_ fields: Fields) throws {
    guard let first = prompt?.first, let text = try fields.text("system"), !text.isEmpty else { return }
    if first.role != .system {
      prompt?.insert(ChatTurn(.system, text), at: 0)
      return
    }
    guard first.text.utf8.elementsEqual(text.utf8) else {
      throw fields.error("has \"system\" and another text in the system turn of its conversation, expected one of them")
    }
  }

  private func withoutMarker(
    _ text: String, _ removed: (String) -> String?, _ key: String, _ fields: Fields
  ) throws -> String {
    if image != nil {
      let rest = removed(text) ?? text
      guard rest == text || ImageMarker.removed(fromQuestion: rest) == nil else {
        throw fields.error(
          "\"\(key)\" has the marker \"\(ImageMarker.text)\" twice, and an example has one image so far")
      }
      return rest
    }
    guard ImageMarker.removed(fromQuestion: text) == nil else {
      throw fields.error("\"\(key)\" has the marker \"\(ImageMarker.text)\" but there is no \"image\"")
    }
    return text
  }

  private mutating func readResponses(_ fields: Fields, _ options: ManifestOptions) throws {
    chosen = try fields.text("chosen")
    rejected = try fields.text("rejected")
    if rejectedImage != nil, rejected == nil { rejected = chosen }
    guard (chosen == nil) == (rejected == nil) else {
      throw fields.error(
        "has \"\(chosen == nil ? "rejected" : "chosen")\" without \"\(chosen == nil ? "chosen" : "rejected")\"")
    }
    if rejectedImage != nil, chosen == nil { throw fields.error("has \"image_rejected\" without \"chosen\"") }
    let answerKey = try fields.oneOf(options.takesCaptions ? ["answer", "caption"] : ["answer"])
    if let key = answerKey, let text = try fields.text(key) { answer = [ChatTurn(.assistant, text)] }
    guard prompt == nil, chosen != nil || !answer.isEmpty || fields.value("choices") != nil else { return }
    guard options.takesCaptions else {
      let like = fields.object.first {
        options.metadataKeys.contains($0.key) == false && Likeness($0.key, $0.value) == .question
      }
      throw fields.error(
        like.map { "has an answer but no \"question\", and \"\($0.key)\" looks like it: name it \"question\"" }
          ?? "has an answer but no \"question\"; captions without one need --captions or --template plain")
    }
    prompt = []
  }

  /// Reads `choices` and what `gt` says of them.
  private mutating func readChoices(_ fields: Fields) throws -> String? {
    let gt = fields.value("gt")
    guard let value = fields.value("choices") else { return nil }
    guard let list = value.array, !list.isEmpty else {
      throw fields.mismatch("choices", value, expected: "an array of strings")
    }
    choices = try list.enumerated().map { index, choice in
      guard let text = choice.string else { throw fields.mismatch("choices[\(index)]", choice, expected: "a string") }
      return text
    }
    if let twice = choices.indices.first(where: { choices[..<$0].contains(choices[$0]) }) {
      throw fields.error("\"choices\" has \"\(choices[twice])\" twice")
    }
    switch gt {
    case nil: return nil
    case .string(let text)?:
      guard choices.contains(text) else {
        throw fields.error("\"gt\" is \"\(text)\", which is none of the \(choices.count) \"choices\"")
      }
      return text
    case .int(let index)?:
      guard choices.indices.contains(index) else {
        throw fields.error(
          "\"gt\" is \(index), expected an index below \(choices.count) into \"choices\", or one of them")
      }
      guard !choices.contains("\(index)") || choices[index] == "\(index)" else {
        throw fields.error(
          "\"gt\" is \(index), which may be the index of \"\(choices[index])\" or the choice \"\(index)\"; write the choice as text"
        )
      }
      return choices[index]
    case let other?: throw fields.mismatch("gt", other, expected: "one of the \"choices\" or its index from 0")
    }
  }

  // MARK: Metadata

  /// Names that tools give a meaning to; a manifest may not set them.
  private static let reserved = Set(
    MetadataKey.ofStream + [
      .grid, .rejectedGrid, .patch, .normalize, .imageDigest, .rejectedImageDigest, .encoder, .prefixTokens, .reference,
      .finish, .precision, .tokenizer,
    ])

  private mutating func addMetadata(_ fields: Fields, gt: String?) throws {
    for (key, value) in fields.object where key != "id" && key != "label" && !value.isNull {
      if Self.reserved.contains(MetadataKey(key)) {
        throw fields.error("the key \"\(key)\" is one that the stream uses itself; give it another name")
      }
      switch key {
      case "prompt" where prompt?.isEmpty == false: metadata[.question] = prompt?.last?.text
      case "question": metadata[.question] = prompt?.last?.text
      case "gt" where gt != nil: metadata[.truth] = gt
      default:
        switch value {
        case .string(let text): metadata[key] = text
        case .bool(let flag): metadata[key] = flag ? "true" : "false"
        default: metadata[key] = value.text()
        }
      }
    }
    // Conversations of one question and one answer read like any other example.
    if let turns = prompt, fields.value("question") == nil, let question = turns.last?.text, turns.last?.role == .user {
      metadata[.question] = question
    }
    if answer.count == 1, metadata[.answer] == nil { metadata[.answer] = answer[0].text }
  }
}

extension Fields {
  var keyList: String { object.isEmpty ? "none" : object.keys.prefix(12).map { "\"\($0)\"" }.joined(separator: ", ") }
}
