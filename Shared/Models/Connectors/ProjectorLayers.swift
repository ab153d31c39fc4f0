// SPDX-License-Identifier: MIT
// Which linear layers a projector has. Published LLaVA projectors have two, both of the LLM's width; one that was carried
// over to another LLM may keep its old layers and have new ones behind them (arXiv 2510.16333, appendix B.7).

import Checkpoints
import Failures
import Layers
import StrictJSON

/// The linear layers `multi_modal_projector.linear_1`, `linear_2`, … of a projector, a GELU between each two.
public struct ProjectorLayers: Equatable, Sendable {
  /// Keys of config.json: the output width of each layer, where they are not two of the LLM's width; and how many, from
  /// the first, were taken over from another model. transformers keeps both keys and reads neither.
  public static let widthsKey = "projector_hidden_sizes", oldKey = "projector_old_layers"

  /// Width of the features that go in.
  public var inputs: Int
  /// Output width of each layer, at least one.
  public var widths: [Int]
  public var hasBias: Bool
  /// Layers that were taken over, the first ones; those behind them are new. nil: all are of one piece.
  public var old: Int?

  /// Width of the visual tokens that come out.
  public var outputs: Int { widths.last ?? inputs }

  /// True for what `LlavaForConditionalGeneration` builds: two layers of one width.
  public var isPublished: Bool { widths.count == 2 && widths[0] == widths[1] }

  public static func name(_ layer: Int) -> String { Part.projector.prefix + "linear_\(layer + 1)" }

  public init(inputs: Int, widths: [Int], hasBias: Bool = true, old: Int? = nil) {
    (self.inputs, self.widths, self.hasBias, self.old) = (inputs, widths, hasBias, old)
  }

  /// The layers that a config describes. Throws 65 where they do not end at the LLM's width.
  init(_ reader: ConfigReader, inputs: Int, outputs: Int) throws {
    let widths = try reader.sizes(Self.widthsKey) ?? [outputs, outputs]
    guard widths.last == outputs else {
      throw reader.failure(Self.widthsKey, "is \(widths), expected the LLM's hidden_size \(outputs) as its last")
    }
    let old = reader.raw(Self.oldKey) == nil ? nil : try reader.int(Self.oldKey, minimum: 1)
    if let old, old >= widths.count {
      throw reader.failure(Self.oldKey, "is \(old), expected fewer than the projector's \(widths.count) layers")
    }
    self.init(inputs: inputs, widths: widths, hasBias: try reader.bool("multimodal_projector_bias"), old: old)
  }

  /// The layers that a checkpoint holds, by their tensors. Throws 65 where it has no projector, or where a layer does not
  /// take what the one before it gives.
  public init(_ checkpoint: Checkpoint) throws {
    var shapes: [[Int]] = []
    while let weight = checkpoint.tensor(canonical: Self.name(shapes.count) + ".weight"), weight.shape.count == 2 {
      if let before = shapes.last, weight.shape[1] != before[0] {
        throw CheckpointError.badHeader(
          path: checkpoint.path,
          problem: "key \(weight.name) has shape \(weight.shape), the layer before it gives \(before[0]) values")
      }
      shapes.append(weight.shape)
    }
    guard let first = shapes.first else { throw checkpoint.nothing(.projector) }
    let hasBias = checkpoint.tensor(canonical: Self.name(0) + ".bias") != nil
    self.init(inputs: first[1], widths: shapes.map { $0[0] }, hasBias: hasBias)
    if let old = checkpoint.config[Self.oldKey]?.int, (1..<widths.count).contains(old) { self.old = old }
    let expected = Set(widths.indices.flatMap { [Self.name($0) + ".weight", Self.name($0) + ".bias"] })
    for (name, tensor) in try checkpoint.tensors(of: .projector) where !expected.contains(name) {
      throw CheckpointError.badHeader(
        path: checkpoint.path, problem: "key \(tensor.name) is left over: the projector has \(widths.count) layers")
    }
  }

  /// Adds to a config what it must say of these layers.
  public func describe(in config: inout JSONObject) {
    config[Self.widthsKey] = isPublished ? nil : .array(widths.map { .int($0) })
    config[Self.oldKey] = old.map { .int($0) }
  }
}
