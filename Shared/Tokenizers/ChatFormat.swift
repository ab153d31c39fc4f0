// SPDX-License-Identifier: MIT
// The chat formats that are known: what stands around the texts of a conversation.

/// One way of writing a conversation. A new one is one more entry of `conversations`: whatever is done with formats goes by
/// these fields.
public struct ChatFormat: Sendable {
  /// What stands before and after a text.
  typealias Around = (before: String, after: String)

  /// What stands before everything else.
  enum Opening: Sendable {
    /// What the tokenizer puts in front of any text; the format itself writes nothing.
    case tokenizers
    case text(String)
  }

  /// How the token that begins a sequence gets into what a checkpoint's own template writes.
  enum SequenceStart: Sendable {
    /// The template writes it in front of everything, or leaves it to the tokenizer.
    case templates
    /// Each of the format's user turns begins with it.
    case everyUserTurn
    /// The template has none of it.
    case tokenizers
  }

  /// For `--template`.
  public let name: String
  /// For messages: "ChatML".
  public let title: String
  /// The system line of conversations that have none; "" for no such line.
  public var defaultSystem = ""
  /// The special tokens among what stands around texts; in the texts themselves they are text.
  var controls: [String] = []
  var opening = Opening.tokenizers
  var sequenceStart = SequenceStart.templates
  var system: Around = ("", "")
  var user: Around = ("", "")
  /// Whether the system line stands inside the first user turn, before its text.
  var systemOpensFirstTurn = false
  /// What the assistant's words follow.
  var header = ""
  var answer: Around = ("", "")
  /// The special token that ends the assistant's turn; the last that it is trained to write. "" for none.
  var end = ""
  /// What stands between the end and the next turn.
  var afterEnd = ""
  /// What ends the earlier answers of a prompt; nil: as any answer.
  var earlierEnd: String?
  /// Whether earlier answers of a prompt are tokenised apart from their headers.
  var partsEarlierAnswers = false
  /// Whether white space at the ends of texts goes.
  var trims = false
  /// The special tokens that the PIVOT paper's code trains wherever they stand; nil: it has no labels of this format.
  var paperLabels: Set<String>?
  /// Whether it writes pictures and captions, not conversations.
  public var isPlain = false
}

extension ChatFormat {
  /// Qwen2's.
  public static let chatml = ChatFormat(
    name: "chatml", title: "ChatML", defaultSystem: "You are a helpful assistant.",
    controls: ["<|im_start|>", "<|im_end|>"], sequenceStart: .tokenizers,
    system: ("<|im_start|>system\n", "<|im_end|>\n"),
    user: ("<|im_start|>user\n", "<|im_end|>\n"), header: "<|im_start|>assistant\n", end: "<|im_end|>", afterEnd: "\n",
    partsEarlierAnswers: true, paperLabels: ["<|im_start|>"])

  /// Vicuna 1.1's, in which LLaVA-1.5 was trained.
  public static let vicuna = ChatFormat(
    name: "vicuna", title: "Vicuna's format",
    defaultSystem: "A chat between a curious user and an artificial intelligence assistant. "
      + "The assistant gives helpful, detailed, and polite answers to the user's questions.",
    controls: ["</s>"], system: ("", " "), user: ("USER: ", " "), header: "ASSISTANT:", answer: (" ", ""), end: "</s>")

  /// As llava-hf publishes LLaVA-1.5: Vicuna's without a system line, and a space ends the earlier answers of a prompt.
  public static let llava = ChatFormat(
    name: "llava", title: "LLaVA-1.5's format", controls: ["</s>"], system: ("", " "), user: ("USER: ", " "),
    header: "ASSISTANT:", answer: (" ", ""), end: "</s>", earlierEnd: " ")

  public static let llama2 = ChatFormat(
    name: "llama2", title: "Llama 2's format", controls: ["<s>", "</s>"], opening: .text(""),
    sequenceStart: .everyUserTurn,
    system: ("<<SYS>>\n", "\n<</SYS>>\n\n"), user: ("<s>[INST] ", " [/INST]"), systemOpensFirstTurn: true,
    answer: (" ", " "), end: "</s>", trims: true)

  public static let llama3 = ChatFormat(
    name: "llama3", title: "Llama 3's format",
    controls: ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
    opening: .text("<|begin_of_text|>"),
    system: ("<|start_header_id|>system<|end_header_id|>\n\n", "<|eot_id|>"),
    user: ("<|start_header_id|>user<|end_header_id|>\n\n", "<|eot_id|>"),
    header: "<|start_header_id|>assistant<|end_header_id|>\n\n", end: "<|eot_id|>", trims: true)

  /// Captions: the image, the text and a newline. What the user says is not used.
  public static let plain = ChatFormat(
    name: "plain", title: "plain captions", answer: ("", "\n"), paperLabels: [], isPlain: true)

  /// Of checkpoints that say nothing.
  public static let standard = chatml

  /// Every format that has a name; conversations first.
  public static let all = conversations + [plain]
  static let conversations = [chatml, vicuna, llava, llama2, llama3]

  public init?(named name: String) {
    guard let format = Self.all.first(where: { $0.name == name }) else { return nil }
    self = format
  }

  /// The ids that end an assistant's turn in any format whose end `tokenizer` has as a special token.
  public static func turnEnds(_ tokenizer: Tokenizer) -> [Int32] {
    all.compactMap { tokenizer.id(of: $0.end) }.filter(tokenizer.isSpecial)
  }
}

extension ChatFormat: Equatable {
  /// Formats are told apart by their names.
  public static func == (a: ChatFormat, b: ChatFormat) -> Bool { a.name == b.name }
}
