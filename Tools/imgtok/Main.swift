// SPDX-License-Identifier: MIT
// Manifests of images and texts in, frames of patches and token ids out.

import ArgumentParser
import ComputeSupport
import Failures
import Manifests
import Tensors
import Tokenizers
import ToolSupport

extension ChatFormat: ExpressibleByArgument {
  public init?(argument: String) { self.init(named: argument) }
  public static var allValueStrings: [String] { all.map(\.name) }
}
extension ChatTemplate.Labels: ExpressibleByArgument {}

/// What `--truncate` shortens.
enum Truncation: String, ExpressibleByArgument, CaseIterable { case response }

/// "image_id, solution": names of keys.
struct KeyList: ExpressibleByArgument {
  let keys: Set<String>

  init?(argument: String) {
    keys = Set(
      argument.split(separator: ",").map { String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) })
    if keys.isEmpty || keys.contains("") { return nil }
  }
}

@main struct Imgtok: StreamTool {
  static let configuration = CommandConfiguration(
    commandName: "imgtok",
    abstract: "Turn a manifest of images and texts into a stream of frames.",
    discussion: """
      Reads JSON lines (or one JSON array), an example a line. Images (JPEG, PNG) are resized as the checkpoint's \
      preprocessor_config.json says and cut into patches; texts go through the chat template and the checkpoint's tokenizer. \
      Everything else in a line travels along as metadata.

      What a line may hold (paths are relative to --root):
        image, images            a JPEG or PNG, or a list of one; left out for
                                 text alone
        question, prompt         the user's text; "<image>" on a line of its own at
                                 its start or end marks the image and is dropped
        chosen, rejected         a preference pair
        image_rejected           another image for the rejected response
        answer                   a supervised response (plain: also caption)
        system                   the system turn, where the line has none
        conversations, messages  turns {"from": "human"|"gpt", "value": ...} or
                                 {"role": "user"|"assistant", "content": ...}
        choices, gt              candidate answers; the right one or its index
        label, class             a class by number, by name, or both
        mask                     a PNG of class numbers as large as the image
                                 (255: no class)
        id                       default: line-N

      Example: the PIVOT paper's preference pairs
        imgtok --ckpt base < pairs.jsonl > pairs
      Example: a folder with one sub-folder a class
        imgtok --ckpt base --folder flowers/train | encode --ckpt base > features
      """,
    version: Version.computing)

  @OptionGroup var checkpoint: CheckpointOptions

  @Option(help: ArgumentHelp("A folder of classes instead of a manifest: DIR/<class>/<image>.", valueName: "dir"))
  var folder: String?

  @Option(
    help: ArgumentHelp(
      "Where relative paths begin (default: the manifest's folder; the working directory for a pipe).", valueName: "dir"
    ))
  var root: String?

  @Option(
    help:
      "How texts are put together: chatml (Qwen2's chat format), vicuna, llava (LLaVA-1.5's), llama2, llama3, or plain (image, caption, newline). Default: what the checkpoint's own chat template writes, which is refused where it is none of these; chatml where it has none."
  )
  var template: ChatFormat?

  @Flag(help: "Take answers to no question for captions, put together as --template plain does.")
  var captions = false

  @Option(
    help: ArgumentHelp(
      "The system line of chats that have none; \"\" for none. Default: the chat template's own.", valueName: "text"))
  var system: String?

  @Option(
    help:
      "What is trained on: answer (the assistant's words), or paper (also headers and newlines, as in the PIVOT paper)."
  )
  var labels: ChatTemplate.Labels = .answer

  @Flag(help: "Read special strings like <|im_end|> in the texts as special tokens, not as text.")
  var parseSpecial = false

  @Flag(help: "Do not turn images as their EXIF orientation says.")
  var noExif = false

  @Option(
    help: ArgumentHelp(
      "Threads that decode images (default: all cores). The output does not depend on it.", valueName: "n"))
  var threads: Int?

  @Option(
    help: ArgumentHelp(
      "Leave out examples of more positions (tokens and visual tokens) than this, and count them.", valueName: "n"))
  var maxLength: Int?

  @Option(
    help: ArgumentHelp(
      "response: shorten responses to --max-length where that makes the example fit.", valueName: "what"))
  var truncate: Truncation?

  @Option(
    help: ArgumentHelp(
      "Keys, separated by commas, that are metadata although they look like images or answers.", valueName: "keys"))
  var metadata: KeyList?

  @OptionGroup var stream: StreamOptions

  func validate() throws {
    if folder != nil, !stream.files.isEmpty {
      throw ValidationError("--folder takes the place of a manifest; leave out \(stream.files[0])")
    }
    if folder != nil, root != nil { throw ValidationError("--root is for manifests; --folder has its own paths") }
    if system != nil, template == .plain { throw ValidationError("--system has no place in --template plain") }
    if let maxLength, maxLength < 1 { throw ValidationError("--max-length \(maxLength): must be 1 or more") }
    if truncate != nil, maxLength == nil { throw ValidationError("--truncate: needs --max-length") }
    if let threads, !(1...4096).contains(threads) { throw ValidationError("--threads \(threads): must be 1 or more") }
  }

  func openIO() throws -> ToolIO {
    stream.messages.apply()
    return try ToolIO(making: stream)
  }

  mutating func run(_ io: ToolIO) throws {
    var (maker, chat) = try readCheckpoint(
      checkpoint.path(),
      texts: TextOptions(
        format: template, system: system, labels: labels, parsesSpecial: parseSpecial, takesCaptions: captions,
        maxLength: maxLength, truncatesResponses: truncate == .response),
      exif: !noExif)
    let source = try openSource()
    var lacksTokenizer = false
    var counts = ExampleCounts()
    try maker.makeFrames(of: source, threads: threads ?? Compute.threads) { frame, isShortened in
      if frame.metadata[.question] != nil, frame.tensors[.prompt] == nil { lacksTokenizer = true }
      try chat.check(frame)
      counts.add(frame, isShortened: isShortened)
      try io.attempt { try io.write(frame) }
    } bad: { error in
      try io.leaveOut(error)
    } tooLong: { error in
      counts.add(error)
      io.countLeftOut()
    }
    guard io.goodCount + io.badCount + counts.tooLong > 0 else {
      throw PlainFailure.badData("\(folder ?? stream.files.first ?? "stdin"): has no example at all")
    }
    try sumUp(counts, io)
    if lacksTokenizer {
      Diagnostics.note("the checkpoint has no language model: texts travel as metadata, without token ids")
    }
    if let folder = source as? ImageFolder, folder.leftOut > 0 {
      Diagnostics.note("\(folder.path): left out what is no sub-folder or no .jpg, .jpeg or .png: \(folder.leftOut)")
    }
  }

  /// What went through, and what may be wrong with it.
  private func sumUp(_ counts: ExampleCounts, _ io: ToolIO) throws {
    if let maxLength, let leftOut = counts.leftOut(maxLength: maxLength) {
      guard io.goodCount > 0 else {
        throw PlainFailure.badData("--max-length \(maxLength): no example is left, \(leftOut)")
      }
      Diagnostics.error(leftOut)
    }
    counts.doubts.forEach(Diagnostics.warn)
    Diagnostics.note(counts.text(maxLength: maxLength ?? 0))
  }

  private func openSource() throws -> any ExampleSource {
    if let folder { return try ImageFolder(path: folder) }
    let paths = stream.files.isEmpty ? ["-"] : stream.files
    let reader = try ManifestReader(
      paths: paths, root: root,
      options: ManifestOptions(takesCaptions: captions || template == .plain, metadataKeys: metadata?.keys ?? []))
    reader.onRemark = { $0.isWarning ? Diagnostics.warn($0.text) : Diagnostics.detail($0.text) }
    return reader
  }
}
