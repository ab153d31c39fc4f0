// SPDX-License-Identifier: MIT
// Which chat format texts go through: the one that was named, else the one that the checkpoint's own template writes.

import Checkpoints
import Failures
import TensorStream
import Tokenizers
import ToolSupport

/// The format of chats, and their system line.
struct ChatAgreement {
  private(set) var format: ChatFormat
  /// The system line of conversations that have none.
  private(set) var system: String
  /// Why the first text of a chat ends the run.
  private var objection: PlainFailure?
  /// Chats have no ids, since there is no template for them.
  private var putsNothingTogether = false
  /// What is said once, beside the first text of a chat.
  private var note: String?

  /// Nothing was compared: the format was asked for by name, or there is no template to compare with.
  init(_ format: ChatFormat, system: String?) { (self.format, self.system) = (format, system ?? format.defaultSystem) }

  /// Finds the format that the template of `checkpoint` writes; the standard one where it has none.
  ///
  /// - system: the system line that was asked for; nil for the template's own.
  /// - image: the image's placeholder; nil where the checkpoint takes no images.
  init(with checkpoint: Checkpoint, system: String?, image: String?) throws {
    self.init(.standard, system: system)
    guard
      let published = try PublishedTemplate(
        takesImages: image != nil, file: checkpoint.file, json: checkpoint.json)
    else { return }
    switch published.compared(image: image) {
    case .other(let reason, let nearest):
      objection = .badData(
        "\(checkpoint.path): \(published.file): the chat template \(reason); --template \(nearest.name) uses \(nearest.title) all the same"
      )
    case .known(let format, let own):
      self.format = format
      self.system = system ?? own
      if format != .standard {
        note =
          "\(checkpoint.path): \(published.file): texts are put together in \(format.title), as the chat template does"
      }
      guard system == nil, own != format.defaultSystem else { return }
      let what = own.isEmpty ? "no system line" : "the system line \"\(own)\""
      note =
        (note.map { $0 + "; " } ?? "\(checkpoint.path): \(published.file): ")
        + "texts without a system turn have \(what), as the chat template says; "
        + "--system sets another"
    }
  }

  /// Takes note that texts cannot be put together in this format. What its own template says goes first.
  mutating func object(_ failure: PlainFailure) {
    objection = objection ?? failure
    putsNothingTogether = true
  }

  /// Throws the objection where `frame` holds a chat; pictures and captions go through no chat template.
  mutating func check(_ frame: Frame) throws {
    guard frame.metadata[.question] != nil, frame.tensors[.prompt] != nil || putsNothingTogether else { return }
    if let objection { throw objection }
    if let note { Diagnostics.note(note) }
    note = nil
  }
}
