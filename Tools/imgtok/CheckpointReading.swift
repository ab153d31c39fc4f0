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
  /// Nil: as the checkpoint's own chat template says; chatml where it has none.
  var format: ChatFormat?
  /// Nil: the chat template's own.
  var system: String?
  var labels: ChatTemplate.Labels
  var parsesSpecial: Bool
  /// Answers to no question are put together in the plain style.
  var takesCaptions: Bool
  /// `--max-length`, and whether responses are shortened to it.
  var maxLength: Int?
  var truncatesResponses: Bool
}

/// Opens the checkpoint at `path`; its weights are not read.
func readCheckpoint(_ path: String, texts: TextOptions, exif: Bool) throws -> (FrameMaker, ChatAgreement) {
  let checkpoint = try Checkpoint(opening: path)
  let config = try MultimodalConfig(checkpoint)
  let preprocessor = try config.vision.map { try readPreprocessor(checkpoint, $0) }
  if let maximum = texts.maxLength, config.text == nil {
    throw PlainFailure.usage("--max-length \(maximum): \(path) has no language model, and images alone have no length")
  }
  let (tokenizer, fingerprint) = config.text == nil ? (nil, nil) : try readTokenizer(checkpoint)
  if let tokenizer, config.vision != nil { try check(config.imageToken, tokenizer, checkpoint) }
  var agreement = ChatAgreement(texts.format ?? .standard, system: texts.system)
  if let tokenizer, texts.format == nil {
    let image = config.vision == nil ? nil : config.imageToken.flatMap { tokenizer.token($0) }
    agreement = try ChatAgreement(with: checkpoint, system: texts.system, image: image)
  }
  func template(_ format: ChatFormat) throws -> ChatTemplate? {
    guard let tokenizer else { return nil }
    return try named(checkpoint) {
      try ChatTemplate(
        format, tokenizer: tokenizer, imageID: config.imageToken, system: agreement.system, labels: texts.labels,
        parseSpecial: texts.parsesSpecial)
    }
  }
  /// A format that was not asked for may be one that the tokenizer cannot write: that is the matter of the first chat.
  func chatTemplate() throws -> ChatTemplate? {
    do {
      return try template(agreement.format)
    } catch let failure as PlainFailure where texts.format == nil {
      agreement.object(failure)
      return nil
    }
  }
  let chat = try chatTemplate()
  let maker = FrameMaker(
    preprocessor: preprocessor, patch: config.vision?.patchSize ?? 1, template: chat,
    captionTemplate: texts.takesCaptions ? try template(.plain) : nil, labels: texts.labels,
    limit: try config.text.map { try limit($0.positionCount, config, texts) },
    tokenizer: fingerprint, exif: exif)
  return (maker, agreement)
}

/// The id that config.json gives to images must not be an ordinary token where the tokenizer has a special one for them: prompts
/// would have that token in the picture's place.
private func check(_ imageToken: Int32?, _ tokenizer: Tokenizer, _ checkpoint: Checkpoint) throws {
  guard let imageToken, !tokenizer.isSpecial(imageToken), let named = tokenizer.id(of: "<image>"),
    tokenizer.isSpecial(named), named != imageToken
  else { return }
  let what = tokenizer.token(imageToken).map { "the token \"\($0)\"" } ?? "no token"
  throw PlainFailure.badData(
    "\(checkpoint.path): config.json: image_token_index is \(imageToken), \(what) of tokenizer.json, whose \"<image>\" is "
      + "\(named)")
}

private func limit(_ positionCount: Int, _ config: MultimodalConfig, _ texts: TextOptions) throws -> SequenceLimit {
  if let maximum = texts.maxLength, maximum > positionCount {
    throw PlainFailure.usage(
      "--max-length \(maximum): the checkpoint was made for \(positionCount) positions (max_position_embeddings)")
  }
  return SequenceLimit(
    positionCount: positionCount, maximum: texts.maxLength, truncatesResponses: texts.truncatesResponses
  ) { height, width in config.visualTokens(of: PatchGrid(height: height, width: width)) }
}

private func readPreprocessor(_ checkpoint: Checkpoint, _ vision: any VisionConfig) throws -> Preprocessor {
  guard let (name, json) = try checkpoint.preprocessorConfig() else {
    throw PlainFailure.badData(
      "\(checkpoint.path): has no preprocessor_config.json, nor a processor_config.json with one, which says how images are "
        + "resized")
  }
  let preprocessor: Preprocessor
  do {
    preprocessor = try Preprocessor(json: json)
  } catch {
    throw PlainFailure.badData("\(checkpoint.path): \(name): \(error)")
  }
  if let size = preprocessor.outputSize {
    let grid = PatchGrid(height: size.height / vision.patchSize, width: size.width / vision.patchSize)
    guard vision.accepts(grid) else {
      throw PlainFailure.badData(
        "\(checkpoint.path): \(name) makes images of \(size.width) x \(size.height) pixels, but config.json's image_size is "
          + "\(vision.imageSize)")
    }
  }
  return preprocessor
}

private func readTokenizer(_ checkpoint: Checkpoint) throws -> (Tokenizer, fingerprint: String?) {
  guard let json = try checkpoint.json("tokenizer.json") else {
    throw PlainFailure.badData(
      "\(checkpoint.path): has no tokenizer.json; AutoTokenizer.from_pretrained(...).save_pretrained(...) writes one")
  }
  let config = try checkpoint.json("tokenizer_config.json")
  return (try named(checkpoint) { try Tokenizer(json: json, config: config) }, Tokenizer.fingerprint(json))
}

/// Puts the tokenizer's name in front of what `body` throws.
private func named<Result>(_ checkpoint: Checkpoint, _ body: () throws -> Result) throws -> Result {
  do {
    return try body()
  } catch let failure as any Failure where failure.exitStatus == .badData {
    throw PlainFailure(failure.exitStatus, "\(checkpoint.path): tokenizer.json: \(failure)")
  }
}
