// SPDX-License-Identifier: MIT

/// Qwen2's chat format as text: what `ChatTemplate`'s ids in the style `chatml` say, special tokens spelt out.
enum ChatML {
  /// - system: the system turn's text where the conversation has none of its own; "" for none.
  /// - image: the placeholder; it opens the first user turn. Nil for text alone.
  /// - asks: whether the assistant's header follows, for its answer.
  static func text(_ turns: [ChatTurn], system: String, image: String?, asks: Bool) -> String {
    var turns = turns
    if turns.first?.role != .system, !system.isEmpty { turns.insert(ChatTurn(.system, system), at: 0) }
    if let image, let first = turns.firstIndex(where: { $0.role == .user }) {
      turns[first].text = image + "\n" + turns[first].text
    }
    let text = turns.map { header($0.role) + $0.text + "<|im_end|>\n" }.joined()
    return asks ? text + header(.assistant) : text
  }

  private static func header(_ role: ChatTurn.Role) -> String { "<|im_start|>\(role.rawValue)\n" }

  /// The system turn that opens `text`; "" where a user turn does, nil where neither.
  static func system(of text: String) -> String? {
    if text.hasPrefix(header(.user)) { return "" }
    let end = "<|im_end|>\n" + header(.user)
    guard text.hasPrefix(header(.system)) else { return nil }
    let rest = Array(text.utf8.dropFirst(header(.system).utf8.count))
    let mark = Array(end.utf8)
    guard rest.count >= mark.count,
      let stop = (0...rest.count - mark.count).first(where: { rest[$0..<$0 + mark.count].elementsEqual(mark) })
    else { return nil }
    return String(decoding: rest[..<stop], as: UTF8.self)
  }
}
