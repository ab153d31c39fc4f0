// SPDX-License-Identifier: MIT
// What imgtok needs of a checkpoint: how it wants its images, and how it wants its texts.

import Checkpoints
import Failures
import Imaging
import Manifests
import Models
import StrictJSON
import Tokenizers

/// The options that decide how texts become ids.
struct TextOptions {
  var style: ChatTemplate.Style
  var system: String
  var labels: ChatTemplate.Labels
  var parsesSpecial: Bool
  /// Answers to no question are put together in the plain style.
  var takesCaptions: Bool
  /// `--max-length`, and whether responses are shortened to it.
  var maxLength: Int?
  var truncatesResponses: Bool
}

extension FrameMaker {
  /// Opens the checkpoint at `path`; its weights are not read.
  init(checkpoint path: String, texts: TextOptions, exif: Bool) throws {
    let checkpoint = try Checkpoint(opening: path)
    let config = try MultimodalConfig(checkpoint)
    let preprocessor = try config.vision.map { try readPreprocessor(checkpoint, $0) }
    func template(_ style: ChatTemplate.Style) throws -> ChatTemplate? {
      config.text == nil ? nil : try readTemplate(checkpoint, config.imageToken, texts, style)
    }
    let limit = try config.text.map { text in
      if let maximum = texts.maxLength, maximum > text.positionCount {
        throw PlainFailure.usage(
          "--max-length \(maximum): the checkpoint was made for \(text.positionCount) positions (max_position_embeddings)"
        )
      }
      return SequenceLimit(
        rowsPerImage: config.featuresPerImage, positionCount: text.positionCount, maximum: texts.maxLength,
        truncatesResponses: texts.truncatesResponses)
    }
    self.init(
      preprocessor: preprocessor, patch: config.vision?.patchSize ?? 1, template: try template(texts.style),
      captionTemplate: texts.takesCaptions ? try template(.plain) : nil, labels: texts.labels, limit: limit,
      tokenizer: try checkpoint.json("tokenizer.json").flatMap(Tokenizer.fingerprint), exif: exif)
  }
}

private func readPreprocessor(_ checkpoint: Checkpoint, _ vision: SigLIPConfig) throws -> Preprocessor {
  guard let (name, json) = try checkpoint.preprocessorConfig() else {
    throw PlainFailure.badData("\(checkpoint.path): has no preprocessor_config.json, which says how images are resized")
  }
  let preprocessor: Preprocessor
  do {
    preprocessor = try Preprocessor(json: json)
  } catch {
    throw PlainFailure.badData("\(checkpoint.path): \(name): \(error)")
  }
  if let size = preprocessor.outputSize {
    let grid = (size.height / vision.patchSize, size.width / vision.patchSize)
    guard grid == (vision.gridSize, vision.gridSize) else {
      throw PlainFailure.badData(
        "\(checkpoint.path): \(name) makes images of \(size.width) x \(size.height) pixels, but config.json's image_size is "
          + "\(vision.imageSize)")
    }
  }
  return preprocessor
}

private func readTemplate(
  _ checkpoint: Checkpoint, _ imageID: Int32?, _ options: TextOptions, _ style: ChatTemplate.Style
) throws -> ChatTemplate {
  let name = "tokenizer.json"
  guard let json = try checkpoint.json(name) else {
    throw PlainFailure.badData(
      "\(checkpoint.path): has no tokenizer.json; AutoTokenizer.from_pretrained(...).save_pretrained(...) writes one")
  }
  do {
    return try ChatTemplate(
      style, tokenizer: Tokenizer(json: json), imageID: imageID, system: options.system, labels: options.labels,
      parseSpecial: options.parsesSpecial)
  } catch let failure as any Failure {
    throw PlainFailure(failure.exitStatus, "\(checkpoint.path): \(name): \(failure)")
  }
}
