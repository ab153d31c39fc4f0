// SPDX-License-Identifier: MIT
// What a key without a meaning looks like, by its name and its value.

import StrictJSON

enum Likeness: Equatable {
  /// An image without a doubt: by its name ("image_path", "img", "iamge") or because the value is a picture's file name.
  case image
  /// Something about an image ("image_id"), or a picture's address.
  case imageHint
  case question, history, system
  /// One half of a preference pair.
  case pair
  case response, choices
  case classification

  init?(_ key: String, _ value: JSONValue) {
    let words = Self.words(of: key)
    let name = words.joined()
    let isText = value.string?.isEmpty == false || value.array?.isEmpty == false || value.object?.isEmpty == false
    func isNear(_ known: String...) -> Bool { known.contains { Self.areNear(name, $0) } }

    if Self.isPicture(value) || (isText && (Self.meansImage(words) || isNear("image", "images"))) {
      self = .image
      return
    }
    let has = { (known: Set<String>) in words.contains(where: known.contains) }
    if Self.hasPicture(value) || (has(Self.imageWords) && !has(Self.measures) && Self.isSomething(value)) {
      self = .imageHint
      return
    }
    guard isText, !has(Self.measures), !has(Self.aside) else { return nil }
    if name == "history" {
      self = .history
    } else if has(["system"]) {
      self = .system
    } else if has(["chosen", "rejected", "preferred", "dispreferred"]) || isNear("chosen", "rejected") {
      self = .pair
    } else if Self.questionNames.contains(name) || isNear("question", "prompt", "conversations", "messages") {
      self = .question
    } else if Self.responseNames.contains(name)
      || has(["answer", "answers", "response", "responses", "caption", "captions"])
      || isNear("answer")
    {
      self = .response
    } else if isNear("choices", "options") {
      self = .choices
    } else if isNear("label", "class") {
      self = .classification
    } else {
      return nil
    }
  }

  // MARK: Names

  /// "imagePath_2" is image, path.
  private static func words(of key: String) -> [String] {
    var words: [String] = []
    var wasLower = false
    var isInside = false
    for character in key {
      guard character.isLetter else {
        (wasLower, isInside) = (false, false)
        continue
      }
      if !isInside || (wasLower && character.isUppercase) { words.append("") }
      words[words.count - 1] += character.lowercased()
      (wasLower, isInside) = (character.isLowercase, true)
    }
    return words
  }

  private static let imageWords: Set<String> = [
    "image", "images", "img", "imgs", "picture", "pictures", "photo", "photos", "pic", "pics",
  ]
  /// What stands beside "image" in the name of a key that holds one.
  private static let forms: Set<String> = [
    "path", "paths", "file", "files", "filename", "filenames", "filepath", "name", "names", "url", "urls", "uri",
    "bytes",
    "data", "base", "b", "list", "local", "input", "raw", "main",
  ]

  private static func meansImage(_ words: [String]) -> Bool {
    if words.contains(where: imageWords.contains) {
      return words.allSatisfy { imageWords.contains($0) || forms.contains($0) }
    }
    // "imagepath"
    return words.count == 1
      && ["image", "img", "picture", "photo"].contains { word in
        words[0].hasPrefix(word) && forms.contains(String(words[0].dropFirst(word.count)))
      }
  }

  private static let questionNames: Set<String> = [
    "query", "instruction", "input", "conversation", "dialog", "dialogue", "turns", "chat", "message", "user",
    "problem",
  ]
  private static let responseNames: Set<String> = [
    "output", "target", "groundtruth", "solution", "reply", "assistant", "completion", "text",
  ]
  /// "image_size" says nothing of an image that is not there, and "answer_type" is no answer.
  private static let measures: Set<String> = ["type", "size", "width", "height", "length", "category", "model"]
  private static let aside: Set<String> = ["id", "ids", "source", "count", "description"]

  /// Whether one letter is wrong, missing or too many, or two neighbours are swapped.
  private static func areNear(_ a: String, _ b: String) -> Bool {
    let (a, b) = (Array(a.utf8), Array(b.utf8))
    guard a.count > 2, abs(a.count - b.count) <= 1, a != b else { return a == b }
    let start = zip(a, b).prefix { $0 == $1 }.count
    let end = zip(a.reversed(), b.reversed()).prefix { $0 == $1 }.count
    if start + end >= max(a.count, b.count) - 1 { return true }
    return a.count == b.count && start + end == a.count - 2 && a[start] == b[start + 1] && a[start + 1] == b[start]
  }

  // MARK: Values

  private static func isSomething(_ value: JSONValue) -> Bool {
    value.string?.isEmpty == false || value.array?.isEmpty == false || value.object?.isEmpty == false
      || value.bool == true || (value.double ?? 0) != 0
  }

  private static let suffixes = [
    ".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".avif", ".jfif",
  ]

  /// A picture's file name or data, alone or in a list.
  private static func isPicture(_ value: JSONValue) -> Bool {
    if let list = value.array { return list.contains { $0.string.map(isPicture) ?? false } }
    return value.string.map(isPicture) ?? false
  }

  private static func isPicture(_ text: String) -> Bool {
    if text.hasPrefix("data:image/") { return true }
    // What base64 makes of the first bytes of JPEG and PNG.
    if text.utf8.count > 64, text.hasPrefix("/9j/") || text.hasPrefix("iVBORw0KGgo") { return true }
    return !text.contains("://") && !text.contains(where: \.isWhitespace) && namesPicture(text)
  }

  private static func namesPicture(_ text: String) -> Bool {
    guard text.utf8.count < 4096 else { return false }
    let path = text.prefix { $0 != "?" && $0 != "#" }.lowercased()
    return suffixes.contains { path.hasSuffix($0) && path.utf8.count > $0.utf8.count }
  }

  /// A picture somewhere inside, or its address.
  private static func hasPicture(_ value: JSONValue) -> Bool {
    if let text = value.string { return !text.contains(where: \.isWhitespace) && namesPicture(text) }
    if let list = value.array { return list.contains(where: hasPicture) }
    return value.object?.entries.contains { hasPicture($0.value) } ?? false
  }
}
