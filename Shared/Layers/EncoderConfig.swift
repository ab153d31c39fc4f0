// SPDX-License-Identifier: MIT
// What the configs of vision transformers have in common.
import Autograd

/// The sizes of a vision transformer that cuts square pictures into square patches.
public struct EncoderConfig: Sendable, Equatable {
  public let imageSize: Int
  public let patchSize: Int
  public let layerCount: Int
  public let block: EncoderBlockShape

  /// Patches along one side: pixels that the patch does not divide are dropped, as the convolution drops them.
  public var gridSize: Int { imageSize / patchSize }

  /// Throws 65 where a number is missing or impossible, naming its key.
  public init(_ reader: ConfigReader) throws {
    imageSize = try reader.int("image_size")
    patchSize = try reader.int("patch_size")
    let width = try reader.int("hidden_size")
    let mlpWidth = try reader.int("intermediate_size")
    layerCount = try reader.layerCount("num_hidden_layers")
    let heads = try reader.int("num_attention_heads")
    block = EncoderBlockShape(
      width: width, mlpWidth: mlpWidth, heads: heads,
      activation: try GELU(reader.string("hidden_act"), reader, key: "hidden_act"),
      epsilon: try reader.positive("layer_norm_eps"))
    guard width % heads == 0 else {
      throw reader.failure("num_attention_heads", "is \(heads), which does not divide hidden_size \(width)")
    }
    guard patchSize <= imageSize else {
      throw reader.failure("patch_size", "is \(patchSize), more than image_size \(imageSize)")
    }
    guard try reader.int("num_channels") == 3 else { throw reader.failure("num_channels", "must be 3") }
  }

  /// Values a row that one layer keeps for the way back.
  public var activationsPerLayer: Int { 10 * block.width + 2 * block.mlpWidth }
}
