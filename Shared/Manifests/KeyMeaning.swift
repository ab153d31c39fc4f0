// SPDX-License-Identifier: MIT
// What the keys of a manifest are taken for; and which of the others look as if they had been meant for something.

import StrictJSON

/// Something to say about a key, once a manifest.
public struct KeyRemark: Sendable, Equatable {
  public let key: String
  public let text: String
  /// Whether it may be a mistake; else it only tells what the key was taken for.
  public let isWarning: Bool
}

extension ManifestExample {
  /// What `key` means; nil where it is only metadata.
  static func meaning(of key: String, _ options: ManifestOptions) -> String? {
    switch key {
    case "id": "the example's id"
    case "image", "images": "the image"
    case "image_rejected": "the rejected response's image"
    case "mask": "the classes of the image's pixels"
    case "question", "prompt": "the user's text"
    case "conversations", "messages": "the turns of a conversation"
    case "system": "the system line"
    case "chosen": "the preferred response"
    case "rejected": "the rejected response"
    case "answer": "the supervised response"
    case "caption" where options.takesCaptions: "the caption"
    case "choices": "the candidate answers"
    case "gt": "the reference answer"
    case "label": "the class's number"
    case "class": "the class's name"
    case "category", "benchmark", "pair_id", "reward", "box_space", "source": "metadata that reward reads"
    default: nil
    }
  }

  /// What there is to say about the keys of `fields`, of which this example was made.
  ///
  /// Throws where the example has no image and a key looks like one: it would train on text alone without a word.
  func remarks(on fields: Fields, _ options: ManifestOptions) throws -> [KeyRemark] {
    var remarks: [KeyRemark] = []
    for (key, value) in fields.object where !value.isNull {
      if let meaning = Self.meaning(of: key, options) {
        remarks.append(KeyRemark(key: key, text: "key \"\(key)\" is \(meaning)", isWarning: false))
        continue
      }
      remarks.append(KeyRemark(key: key, text: "key \"\(key)\" is metadata, passed on as it is", isWarning: false))
      guard !options.metadataKeys.contains(key), let kind = Likeness(key, value), let doubt = doubt(kind, options)
      else {
        continue
      }
      let looks = "\"\(key)\" (\(Fields.quote(value))) looks like \(doubt.looks)"
      let remedy = "\(doubt.remedy); rename it, or say --metadata \(key) where it is none"
      if kind == .image, image == nil { throw fields.error("has no \"image\", and \(looks): \(remedy)") }
      remarks.append(
        KeyRemark(key: key, text: "\(fields.place.text): \(looks) and is not used: \(remedy)", isWarning: true))
    }
    return remarks
  }

  /// What a key of this kind would be, and what to do about it; nil where the example does not lack it.
  private func doubt(_ kind: Likeness, _ options: ManifestOptions) -> (looks: String, remedy: String)? {
    switch kind {
    case .image, .imageCount: image == nil || kind == .image ? ("an image", "the key of an image is \"image\"") : nil
    case .question where prompt == nil && label == nil && mask == nil:
      ("the user's text", "its key is \"question\", \"prompt\", \"conversations\" or \"messages\"")
    case .response
    where (prompt != nil || options.takesCaptions) && chosen == nil && answer.isEmpty && choices.isEmpty
      && metadata["gt"] == nil:
      ("a response", "its key is \"chosen\" and \"rejected\", \"answer\", \"choices\" or \"gt\"")
    default: nil
    }
  }
}

/// What a key without a meaning looks like, by its name and its value.
enum Likeness: Equatable {
  case image
  /// The name of an image and a number: "image_id".
  case imageCount
  case question, response

  init?(_ key: String, _ value: JSONValue) {
    let name = key.lowercased().filter(\.isLetter)
    if Self.namesPicture(value) {
      self = .image
      return
    }
    let isText = value.string?.isEmpty == false || value.array?.isEmpty == false || value.object?.isEmpty == false
    let isImage =
      Self.imageWords.contains { name.contains($0) } || name == "pic" || Self.isNear(name, ["image", "images"])
    if isImage {
      if isText {
        self = .image
      } else if value.bool == true || (value.double ?? 0) != 0 {
        self = .imageCount
      } else {
        return nil
      }
      return
    }
    guard isText, !Self.aside.contains(where: { name.hasSuffix($0) }) else { return nil }
    if Self.questionNames.contains(name) || Self.isNear(name, ["question", "prompt", "conversations", "messages"]) {
      self = .question
    } else if Self.responseNames.contains(name) || Self.responseWords.contains(where: { name.contains($0) })
      || Self.isNear(name, ["chosen", "rejected", "answer", "choices"])
    {
      self = .response
    } else {
      return nil
    }
  }

  private static let imageWords = ["image", "img", "picture", "photo"]
  private static let questionNames: Set<String> = [
    "query", "instruction", "input", "conversation", "dialog", "dialogue", "turns", "chat", "message", "user",
    "problem",
  ]
  private static let responseNames: Set<String> = [
    "output", "target", "groundtruth", "solution", "reply", "assistant", "preferred", "dispreferred", "accepted",
    "winner",
    "loser", "positive", "negative",
  ]
  private static let responseWords = ["chosen", "reject", "answer", "response", "completion", "caption"]
  /// "answer_type" is no answer.
  private static let aside = ["type", "id", "ids", "source", "model", "length", "count"]

  private static let suffixes = [
    ".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".avif", ".jfif",
  ]

  /// A picture's file name, address or data, alone or in a list or object.
  private static func namesPicture(_ value: JSONValue) -> Bool {
    if let text = value.string {
      if text.hasPrefix("data:image/") { return true }
      guard text.utf8.count < 4096, !text.contains(where: \.isNewline) else { return false }
      let path = text.prefix { $0 != "?" && $0 != "#" }.lowercased()
      return suffixes.contains { path.hasSuffix($0) && path.utf8.count > $0.utf8.count }
    }
    if let list = value.array { return list.contains(where: namesPicture) }
    return value.object?.entries.contains { namesPicture($0.value) } ?? false
  }

  /// Whether `name` is one of `known` with at most two letters wrong, missing or too many.
  private static func isNear(_ name: String, _ known: [String]) -> Bool {
    known.contains { distance(Array(name.utf8), Array($0.utf8)) <= 2 }
  }

  /// Edit distance; names of very different lengths are far apart.
  private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    guard abs(a.count - b.count) <= 2 else { return .max }
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, y) in b.enumerated() {
        (diagonal, row[j + 1]) = (row[j + 1], min(diagonal + (x == y ? 0 : 1), row[j + 1] + 1, row[j] + 1))
      }
    }
    return row[b.count]
  }
}
