// SPDX-License-Identifier: MIT
// What a frame's tensors and strings are called: every name that a tool gives a meaning to, once.
import Tensors

/// The name of a tensor in a frame.
public struct TensorName: Hashable, Sendable, CustomStringConvertible {
  public let description: String

  public init(_ text: String) { description = text }
}

extension TensorName {
  // Written by imgtok.
  /// U8 [P, 3·p·p]: RGB patches, the rows of several images one after the other.
  public static let patches = TensorName("patches")
  /// The same of another image, which goes with the rejected response.
  public static let rejectedPatches = TensorName("patches_rejected")
  /// I32 [L]: token ids up to the response, with one placeholder for each image.
  public static let prompt = TensorName("prompt")
  /// U8 [L]: 1 = this token of the prompt is a label too.
  public static let promptMask = TensorName("prompt_mask")
  /// I32 [L]: token ids of the preferred response, with its end-of-turn token.
  public static let chosen = TensorName("chosen")
  public static let rejected = TensorName("rejected")
  /// I32 [L]: token ids of the supervised response.
  public static let answer = TensorName("answer")
  /// U8 [L]: 1 = this token of the answer is a label; all are where there is no mask.
  public static let answerMask = TensorName("answer_mask")
  /// I32 [k, L], ragged: candidate answers.
  public static let choices = TensorName("choices")
  /// I32 [1]: the number of the example's class.
  public static let label = TensorName("label")
  /// I32 [h, w]: the majority class of each patch, -1 = ignore.
  public static let mask = TensorName("mask")

  // Written by encode.
  /// F32 or BF16 [P, D]: hidden states at the feature layer, a row a patch.
  public static let features = TensorName("features")
  public static let rejectedFeatures = TensorName("features_rejected")

  // Written by score, in nats.
  /// F32 [1]: the sum over the response's tokens under the reference.
  public static let chosenLogp = TensorName("logp_chosen")
  public static let rejectedLogp = TensorName("logp_rejected")
  /// F32 [k]: the same for each of `choices`.
  public static let choiceLogps = TensorName("logp_choices")
  /// F32 [n, L], ragged, one a token of `completions`.
  public static let referenceLogps = TensorName("reference_logps")

  // Written by sample.
  /// I32 [n, L], ragged: what the model wrote.
  public static let completions = TensorName("completions")
  /// F32 [n, L], ragged: of each token at temperature 1, in nats.
  public static let completionLogps = TensorName("completion_logps")
  /// F32 [n, L], ragged: in the distribution that was drawn from.
  public static let samplingLogps = TensorName("sampling_logps")

  // Written by reward.
  /// F32 [n]: one a completion, from 0 to 1.
  public static let rewards = TensorName("rewards")
  /// F32 [n]: the share of one rule, `rewards_NAME`.
  public static func rewards(of rule: String) -> TensorName { TensorName(rewardsPrefix + rule) }
  /// The rule whose share of the rewards this is; nil where it is none.
  public var rewardsRule: String? {
    description.hasPrefix(Self.rewardsPrefix) ? String(description.dropFirst(Self.rewardsPrefix.count)) : nil
  }
  private static let rewardsPrefix = "rewards_"
}

/// The key of a frame's metadata.
public struct MetadataKey: Hashable, Sendable, CustomStringConvertible {
  public let description: String

  public init(_ text: String) { description = text }
}

extension MetadataKey {
  /// The example's name, which no tool changes.
  public static let id = MetadataKey("id")

  // The stream's own bookkeeping, which a reader takes out.
  /// The frame's number since the last end frame, from 0.
  static let sequence = MetadataKey("seq")
  /// The frame's checksum, 8 hexadecimal digits.
  static let checksum = MetadataKey("crc32")
  /// "1" in an end frame.
  static let end = MetadataKey("end")
  /// In an end frame: the frames before it.
  static let frames = MetadataKey("frames")
  /// In an end frame: the examples that were left out.
  static let skipped = MetadataKey("skipped")
  /// The keys above, `id` apart.
  public static let ofStream: [MetadataKey] = [.sequence, .checksum, .end, .frames, .skipped]

  // Written by imgtok.
  /// "h w" of `patches`, "h w; h w" of two images.
  public static let grid = MetadataKey("grid")
  public static let rejectedGrid = MetadataKey("grid_rejected")
  /// Pixels along the side of a patch.
  public static let patch = MetadataKey("patch")
  /// Mean and standard deviation that the encoder's pixels are to have: six numbers.
  public static let normalize = MetadataKey("normalize")
  /// 32 hexadecimal digits, equal for equal patches.
  public static let imageDigest = MetadataKey("image_digest")
  public static let rejectedImageDigest = MetadataKey("image_digest_rejected")
  /// Fingerprint of the tokenizer that made the ids.
  public static let tokenizer = MetadataKey("tokenizer")
  /// Texts of the manifest.
  public static let question = MetadataKey("question")
  public static let chosen = MetadataKey("chosen")
  public static let rejected = MetadataKey("rejected")
  public static let answer = MetadataKey("answer")
  /// A JSON array of the candidate answers' texts.
  public static let choices = MetadataKey("choices")
  /// The reference answer (ground truth).
  public static let truth = MetadataKey("gt")
  /// The name of the example's class.
  public static let className = MetadataKey("class")
  /// What tables are grouped by.
  public static let category = MetadataKey("category")
  public static let benchmark = MetadataKey("benchmark")
  public static let source = MetadataKey("source")
  /// The image's file.
  public static let image = MetadataKey("image")

  // Written by encode, score and sample.
  /// Fingerprint of the encoder that made the features.
  public static let encoder = MetadataKey("encoder")
  /// Rows of `features` before the first patch.
  public static let prefixTokens = MetadataKey("prefix_tokens")
  /// Fingerprint of the model that gave the reference's log-probabilities.
  public static let reference = MetadataKey("reference")
  /// Fingerprint of the model that wrote the completions.
  public static let policy = MetadataKey("policy")
  /// The arithmetic's precision.
  public static let precision = MetadataKey("precision")
  /// A JSON array of the completions' texts.
  public static let completions = MetadataKey("completions")
  /// How each completion ended: "eos,length,…".
  public static let finish = MetadataKey("finish")
  /// The sampler's settings, JSON.
  public static let sampling = MetadataKey("sampling")

  // Read and written by reward.
  /// The rule that scores, or has scored, the frame.
  public static let reward = MetadataKey("reward")
  /// The unit of a reference's boxes.
  public static let boxSpace = MetadataKey("box_space")
  /// A verdict for each completion: "correct,wrong,…".
  public static let verdicts = MetadataKey("verdicts")
  /// JSON arrays with an entry for each completion: what was scored, and what an extractor found in it.
  public static let scored = MetadataKey("scored")
  public static let extracted = MetadataKey("extracted")
  /// The reward of each response of a pair.
  public static let chosenReward = MetadataKey("reward_chosen")
  public static let rejectedReward = MetadataKey("reward_rejected")
}

/// The names that go with one tensor of images: those of the prompt, or those of the rejected response alone.
public struct ImageFields: Sendable {
  public let patches: TensorName
  public let features: TensorName
  public let grid: MetadataKey
  public let digest: MetadataKey
  /// The key of the image's file in a manifest.
  public let image: MetadataKey

  public static let prompt = ImageFields(
    patches: .patches, features: .features, grid: .grid, digest: .imageDigest, image: .image)
  public static let rejected = ImageFields(
    patches: .rejectedPatches, features: .rejectedFeatures, grid: .rejectedGrid, digest: .rejectedImageDigest,
    image: MetadataKey("image_rejected"))
}

extension [String: RawTensor] {
  public subscript(name: TensorName) -> RawTensor? {
    get { self[name.description] }
    set { self[name.description] = newValue }
  }
}

extension Metadata {
  public subscript(key: MetadataKey) -> String? {
    get { self[key.description] }
    set { self[key.description] = newValue }
  }
}

extension Frame {
  /// The tensor of this name, nil where there is none, checked as `tensor` does.
  public func optionalTensor(
    _ name: TensorName, _ dtypes: [DType], shape: [Int?]? = nil
  ) throws(FrameError) -> RawTensor? {
    try optionalTensor(name.description, dtypes, shape: shape)
  }

  /// The tensor of this name, which must be there; checked as `tensor` does.
  public func tensor(
    _ name: TensorName, _ dtypes: [DType], shape: [Int?]? = nil, hint: String = ""
  ) throws(FrameError) -> RawTensor {
    try tensor(name.description, dtypes, shape: shape, hint: hint)
  }

  /// The elements of an I32 tensor; any shape unless one is given.
  public func int32s(_ name: TensorName, shape: [Int?]? = nil, hint: String = "") throws(FrameError) -> [Int32] {
    try int32s(name.description, shape: shape, hint: hint)
  }

  /// The elements of a floating-point tensor as 32-bit floats.
  public func floats(_ name: TensorName, shape: [Int?]? = nil, hint: String = "") throws(FrameError) -> [Float] {
    try floats(name.description, shape: shape, hint: hint)
  }
}
