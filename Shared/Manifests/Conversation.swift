// SPDX-License-Identifier: MIT
// Turns of a conversation as LLaVA, ShareGPT and OpenAI write them, and the marker that stands for the image.

import StrictJSON
import Tokenizers

/// The text that LLaVA's and MMPR's files put where the image belongs. It is the file format's, not the user's: where
/// the format expects it, it is taken out (the template places the image). Anywhere else it is text.
enum ImageMarker {
  static let text = "<image>"
  private static let bytes = Array(text.utf8)
  private static let newline = UInt8(ascii: "\n")

  /// `question` without a marker on a line of its own at the start or the end; nil if there is none.
  static func removed(fromQuestion question: String) -> String? {
    let utf8 = Array(question.utf8)
    if utf8 == bytes { return "" }
    if utf8.starts(with: bytes + [newline]) { return String(decoding: utf8.dropFirst(bytes.count + 1), as: UTF8.self) }
    if utf8.starts(with: bytes + [0x0D, newline]) {
      return String(decoding: utf8.dropFirst(bytes.count + 2), as: UTF8.self)
    }
    if utf8.reversed().starts(with: ([newline] + bytes).reversed()) {
      return String(decoding: utf8.dropLast(bytes.count + 1), as: UTF8.self)
    }
    return nil
  }

  /// A first user turn without its first marker, wherever it stands; nil if there is none. White space at both ends
  /// goes where the marker was not on a line of its own, as in LLaVA's own reader.
  static func removed(fromTurn turn: String) -> String? {
    if let plain = removed(fromQuestion: turn) { return plain }
    let utf8 = Array(turn.utf8)
    guard utf8.count >= bytes.count,
      let start = (0...utf8.count - bytes.count).first(where: { utf8[$0..<$0 + bytes.count].elementsEqual(bytes) })
    else { return nil }
    let rest = utf8[..<start] + utf8[(start + bytes.count)...]
    let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
    let trimmed = rest.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
    return String(decoding: Array(trimmed), as: UTF8.self)
  }
}

extension Fields {
  private static let roles: [String: ChatTurn.Role] = [
    "human": .user, "user": .user, "gpt": .assistant, "assistant": .assistant, "system": .system,
  ]

  /// The turns under `key`: `[{"from": "human", "value": …}, …]` or `[{"role": "user", "content": …}, …]`; a system
  /// turn first if any, then user and assistant in turn, the user first.
  func conversation(_ key: String) throws -> [ChatTurn]? {
    guard let value = value(key) else { return nil }
    guard let list = value.array, !list.isEmpty else {
      throw mismatch(key, value, expected: "an array of turns like {\"from\": \"human\", \"value\": \"...\"}")
    }
    var turns: [ChatTurn] = []
    for (index, turn) in list.enumerated() {
      let at = "\"\(key)\", turn \(index)"
      guard turn.object != nil else { throw error("\(at): is \(turn.kind), expected an object") }
      guard let speaker = turn["from"]?.string ?? turn["role"]?.string else {
        throw error("\(at): has neither \"from\" nor \"role\" as a string")
      }
      guard let role = Self.roles[speaker] else {
        throw error("\(at): speaker \"\(speaker)\" is unknown, expected human, gpt, user, assistant or system")
      }
      if let parts = turn["content"]?.array ?? turn["value"]?.array {
        throw error(
          "\(at): has a list of \(parts.count) parts, which is not read; give the text as a string, and the picture beside "
            + "\"\(key)\", under \"image\"")
      }
      guard let text = turn["value"]?.string ?? turn["content"]?.string else {
        throw error("\(at): has no text under \"value\" or \"content\"")
      }
      for name in ["image", "images"] where !(turn[name] ?? .null).isNull && turn[name]?.array?.isEmpty != true {
        throw error("\(at): has \"\(name)\"; an example's image stands beside \"\(key)\", under \"image\"")
      }
      let expected: [ChatTurn.Role] =
        switch turns.last?.role {
        case nil: [.system, .user]
        case .system?, .assistant?: [.user]
        case .user?: [.assistant]
        }
      guard expected.contains(role) else {
        throw error(
          "\(at): is the \(role.rawValue)'s, expected the \(expected.map(\.rawValue).joined(separator: "'s or the "))'s"
        )
      }
      turns.append(ChatTurn(role, text))
    }
    return turns
  }
}
