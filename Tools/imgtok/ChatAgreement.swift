// SPDX-License-Identifier: MIT
// What the checkpoint's own chat template has to say about ours.

import Checkpoints
import Failures
import TensorStream
import Tokenizers
import ToolSupport

/// Whether texts may go through ChatML, and with which system line.
struct ChatAgreement {
  /// The system line of conversations that have none.
  var system: String
  /// Why the first text of a chat ends the run.
  private var objection: PlainFailure?
  /// What is said once, beside the first text of a chat.
  private var note: String?

  /// Nothing was compared: the format was asked for by name, or there is no template to compare with.
  init(system: String?) { self.system = system ?? ChatTemplate.defaultSystem }

  /// Compares the template of `checkpoint`, if any, with ChatML.
  ///
  /// - system: the system line that was asked for; nil for the template's own.
  /// - image: the image's placeholder; nil where the checkpoint takes no images.
  init(with checkpoint: Checkpoint, system: String?, image: String?) throws {
    self.init(system: system)
    guard
      let published = try PublishedTemplate(
        takesImages: image != nil, file: checkpoint.file, json: checkpoint.json)
    else { return }
    switch published.comparedWithChatML(image: image) {
    case .other(let reason):
      objection = .badData(
        "\(checkpoint.path): \(published.file): the chat template \(reason); --template chatml uses ChatML all the same"
      )
    case .chatML(let own):
      guard system == nil, own != ChatTemplate.defaultSystem else { return }
      self.system = own
      let what = own.isEmpty ? "no system line" : "the system line \"\(own)\""
      note =
        "\(checkpoint.path): \(published.file): texts without a system turn have \(what), as the chat template says; "
        + "--system sets another"
    }
  }

  /// Throws the objection where `frame` holds a chat; pictures and captions go through no chat template.
  mutating func check(_ frame: Frame) throws {
    guard frame.metadata[.question] != nil, frame.tensors[.prompt] != nil else { return }
    if let objection { throw objection }
    if let note { Diagnostics.note(note) }
    note = nil
  }
}
