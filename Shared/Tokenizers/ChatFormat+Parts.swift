// SPDX-License-Identifier: MIT
// A conversation written out in a format: as parts, from which both its ids and its text are made.

/// A piece of a conversation that is written out.
enum ChatPart: Equatable {
  /// Text, tokenised together with the text beside it.
  case text(String)
  /// One of the format's special tokens.
  case token(String)
  /// The image's placeholder.
  case image
  /// Text before and after is tokenised apart.
  case cut
}

/// The parts of one turn.
struct ChatParts {
  var role: ChatTurn.Role
  var parts: [ChatPart]
}

extension ChatFormat {
  /// Everything before an answer: `turns` (a system turn first, if any, then user and assistant in turn) and, where it
  /// `asks` for one, the assistant's header.
  ///
  /// - system: the system line where `turns` have none; "" for no line.
  /// - hasImage: whether an image opens the first user turn.
  func prompt(_ turns: [ChatTurn], system: String, hasImage: Bool, asks: Bool = true) -> [ChatParts] {
    var turns = turns[...]
    let own = turns.first.flatMap { $0.role == .system ? turns.removeFirst().text : nil }
    let line = own ?? (system.isEmpty ? nil : system)
    var out: [ChatParts] = []
    if case .text(let text) = opening { out.append(ChatParts(role: .system, parts: parts(of: text))) }
    if let line, !systemOpensFirstTurn {
      out.append(ChatParts(role: .system, parts: written([.text(line)], in: self.system)))
    }
    var isFirst = true
    for turn in turns {
      if turn.role == .assistant {
        out.append(assistantHeader(cut: partsEarlierAnswers))
        out.append(earlierAnswer(turn.text))
      } else {
        let line = isFirst && systemOpensFirstTurn ? line.map { self.system.before + $0 + self.system.after } : nil
        out.append(userTurn(turn.text, opensWith: line ?? "", hasImage: isFirst && hasImage))
        isFirst = false
      }
    }
    return asks ? out + [assistantHeader(cut: true)] : out
  }

  func userTurn(_ text: String, opensWith line: String = "", hasImage: Bool = false) -> ChatParts {
    let content: [ChatPart] = hasImage ? [.text(line), .image, .text("\n" + text)] : [.text(line + text)]
    return ChatParts(role: .user, parts: written(content, in: user))
  }

  func assistantHeader(cut: Bool) -> ChatParts {
    ChatParts(role: .assistant, parts: parts(of: header) + (cut ? [.cut] : []))
  }

  /// What the assistant writes, to the end of its turn.
  func response(_ text: String) -> ChatParts {
    ChatParts(role: .assistant, parts: written([.text(text)], in: answer) + parts(of: end))
  }

  /// An assistant's turn that a prompt holds, and what stands behind it.
  private func earlierAnswer(_ text: String) -> ChatParts {
    let end = parts(of: earlierEnd ?? end + afterEnd)
    return ChatParts(role: .assistant, parts: written([.text(text)], in: answer) + end)
  }

  private func written(_ content: [ChatPart], in around: Around) -> [ChatPart] {
    parts(of: around.before) + (trims ? Self.trimmed(content) : content) + parts(of: around.after)
  }

  /// A text of the format's own, cut at its special tokens.
  func parts(of text: String) -> [ChatPart] {
    var parts: [ChatPart] = []
    var rest = text[...]
    while !rest.isEmpty {
      let found = controls.compactMap { token in rest.firstRange(of: token).map { (token, $0) } }
      guard let (token, range) = found.min(by: { $0.1.lowerBound < $1.1.lowerBound }) else {
        parts.append(.text(String(rest)))
        break
      }
      if range.lowerBound > rest.startIndex { parts.append(.text(String(rest[..<range.lowerBound]))) }
      parts.append(.token(token))
      rest = rest[range.upperBound...]
    }
    return parts
  }

  /// Without the white space at the ends of the whole.
  private static func trimmed(_ content: [ChatPart]) -> [ChatPart] {
    var content = content
    if case .text(let text)? = content.first {
      content[0] = .text(String(String.UnicodeScalarView(text.unicodeScalars.drop(while: isSpace))))
    }
    if case .text(let text)? = content.last {
      let kept = text.unicodeScalars.reversed().drop(while: isSpace).reversed()
      content[content.count - 1] = .text(String(String.UnicodeScalarView(kept)))
    }
    return content
  }

  /// What Python's `strip` takes for white space.
  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    (0x1C...0x1F).contains(scalar.value) || ScalarClass.table[Int(scalar.value)].contains(.space)
  }
}

extension [ChatParts] {
  /// The text that the parts say, special tokens spelt out.
  func text(image: String?) -> String {
    flatMap(\.parts).map { part in
      switch part {
      case .text(let text), .token(let text): text
      case .image: image ?? ""
      case .cut: ""
      }
    }.joined()
  }
}
