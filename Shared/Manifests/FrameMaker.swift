// SPDX-License-Identifier: MIT
// From an example to a frame: image to patches, texts to token ids.

import Failures
import Glibc
import Imaging
import StrictJSON
import TensorStream
import Tokenizers

/// Makes frames for one checkpoint. Safe to use from several threads at once.
public struct FrameMaker: Sendable {
  private let preprocessor: Preprocessor?
  private let patch: Int
  private let template: ChatTemplate?
  private let captionTemplate: ChatTemplate?
  private let labels: ChatTemplate.Labels
  private let appliesOrientation: Bool
  private let limit: SequenceLimit?
  private let tokenizer: String?

  /// - preprocessor: nil for a checkpoint without a vision encoder: images are refused.
  /// - patch: the edge of a patch in pixels.
  /// - template: nil for a checkpoint without a tokenizer: texts travel as metadata only.
  /// - captionTemplate: for examples that answer no question; nil: as all others.
  /// - limit: how long an example may be; nil: as long as it likes.
  /// - tokenizer: its fingerprint, which travels with the token ids.
  /// - exif: whether images are turned as their EXIF orientation says.
  public init(
    preprocessor: Preprocessor?, patch: Int, template: ChatTemplate?, captionTemplate: ChatTemplate? = nil,
    labels: ChatTemplate.Labels = .answer, limit: SequenceLimit? = nil, tokenizer: String? = nil, exif: Bool = true
  ) {
    precondition(patch > 0, "a patch has at least one pixel")
    self.preprocessor = preprocessor
    self.patch = patch
    self.template = template
    self.captionTemplate = captionTemplate ?? template
    self.labels = labels
    self.limit = limit
    self.tokenizer = tokenizer
    appliesOrientation = exif
  }

  /// The frame of one example, and whether its responses were shortened. Throws `ManifestError`, naming line, id and the
  /// image's file, and `TooLong`.
  public func frame(_ example: ManifestExample) throws -> (frame: Frame, isShortened: Bool) {
    var frame = Frame(metadata: example.metadata, source: example.place.source)
    try addImages(example, to: &frame)
    if let label = example.label { frame.tensors[.label] = RawTensor(i32: [label]) }
    do {
      if let prompt = example.prompt, let template = prompt.isEmpty ? captionTemplate : template {
        try addTexts(example, prompt, template, to: &frame)
      }
    } catch let failure as any Failure {
      throw ManifestError(example.place, failure.description, failure.exitStatus)
    }
    return try limit?.fitted(frame, example) ?? (frame, false)
  }

  // MARK: Images

  private func addImages(_ example: ManifestExample, to frame: inout Frame) throws {
    guard let path = example.image else { return }
    guard let preprocessor else {
      throw ManifestError(example.place, "has an image, but the checkpoint has no vision encoder")
    }
    let image = try open(path, as: "image", example) { try Image.decode($0, exif: appliesOrientation) }
    try addPatches(image, path, preprocessor, .prompt, example, to: &frame)
    frame.metadata[.patch] = "\(patch)"
    frame.metadata[.normalize] = (preprocessor.mean + preprocessor.std).map { "\($0)" }.joined(separator: " ")
    if let path = example.rejectedImage {
      let image = try open(path, as: "image_rejected", example) { try Image.decode($0, exif: appliesOrientation) }
      try addPatches(image, path, preprocessor, .rejected, example, to: &frame)
    }
    if let path = example.mask {
      let mask = try open(path, as: "mask", example) { try LabelImage.decode($0) }
      guard mask.width == image.width, mask.height == image.height else {
        throw ManifestError(
          example.place,
          "mask \"\(path)\" is \(mask.width) x \(mask.height) pixels, expected its image's \(image.width) x \(image.height)"
        )
      }
      let classes = try named(path, "mask", example) { try preprocessor.preprocess(mask).majority(patch: patch) }
      frame.tensors[.mask] = RawTensor(i32: classes.values, shape: [classes.gridHeight, classes.gridWidth])
    }
  }

  private func addPatches(
    _ image: Image, _ path: String, _ preprocessor: Preprocessor, _ fields: ImageFields, _ example: ManifestExample,
    to frame: inout Frame
  ) throws {
    let patches = try named(path, fields.image.description, example) {
      try preprocessor.preprocess(image).patchify(patch: patch)
    }
    guard patches.count > 0 else {
      throw ManifestError(
        example.place,
        "image \"\(path)\" is \(image.width) x \(image.height) pixels, smaller than one patch of \(patch)")
    }
    frame.tensors[fields.patches] = RawTensor(u8: patches.values, shape: [patches.count, patches.width])
    frame.metadata[fields.grid] = "\(patches.gridHeight) \(patches.gridWidth)"
    frame.metadata[fields.digest] = ImageDigest.of(patches)
  }

  /// The content of a file through `decode`.
  private func open<Content>(
    _ path: String, as key: String, _ example: ManifestExample, _ decode: ([UInt8]) throws -> Content
  ) throws -> Content {
    try named(path, key, example) { try decode(readWholeFile(path)) }
  }

  /// Puts the manifest's place and the file's name in front of what `body` throws.
  private func named<Result>(
    _ path: String, _ key: String, _ example: ManifestExample, _ body: () throws -> Result
  ) throws -> Result {
    do {
      return try body()
    } catch let failure as any Failure {
      throw ManifestError(example.place, "\(key) \"\(path)\": \(failure.description)", failure.exitStatus)
    }
  }

  // MARK: Texts

  private func addTexts(
    _ example: ManifestExample, _ turns: [ChatTurn], _ template: ChatTemplate, to frame: inout Frame
  ) throws {
    let prompt = try template.prompt(turns, hasImage: example.image != nil)
    frame.tensors[.prompt] = RawTensor(i32: prompt.ids)
    frame.metadata[.tokenizer] = tokenizer
    if labels == .paper { frame.tensors[.promptMask] = RawTensor(u8: prompt.mask) }
    if let chosen = example.chosen { frame.tensors[.chosen] = RawTensor(i32: try template.response(chosen)) }
    if let rejected = example.rejected { frame.tensors[.rejected] = RawTensor(i32: try template.response(rejected)) }
    if !example.answer.isEmpty {
      let answer = try template.answer(example.answer)
      frame.tensors[.answer] = RawTensor(i32: answer.ids)
      if answer.mask.contains(0) { frame.tensors[.answerMask] = RawTensor(u8: answer.mask) }
    }
    if !example.choices.isEmpty {
      frame.tensors[.choices] = RawTensor(ragged: try example.choices.map { try template.response($0) })
    }
  }
}

/// A regular file's bytes.
private func readWholeFile(_ path: String) throws -> [UInt8] {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
  guard descriptor >= 0 else { throw PlainFailure.missingInput(systemReason()) }
  defer { close(descriptor) }
  var status = stat()
  guard fstat(descriptor, &status) == 0 else { throw PlainFailure.missingInput(systemReason()) }
  guard status.st_mode & S_IFMT == S_IFREG else { throw PlainFailure.missingInput("is no regular file") }
  let size = Int(status.st_size)
  guard size <= 1 << 30 else {
    throw PlainFailure.badData("has \(size) bytes, more than an image can be expected to have (1 GiB)")
  }
  var failure: PlainFailure?
  let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
    while count < size {
      let got = read(descriptor, buffer.baseAddress.map { $0 + count }, size - count)
      if got < 0 && errno == EINTR { continue }
      if got < 0 { failure = PlainFailure(.ioError, "reading failed: \(systemReason())") }
      if got <= 0 { break }
      count += got
    }
  }
  if let failure { throw failure }
  return bytes
}
