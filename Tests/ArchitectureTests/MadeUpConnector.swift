// SPDX-License-Identifier: MIT
// A connector that nobody published, and a way to join parts with it: two features beside each other become one visual token. It
// says nothing of taking apart and putting together: the defaults serve it.
import Autograd
import Layers
import Models
import StrictJSON

struct PairingConfig: ConnectorConfig {
  let inputs: Int
  let outputs: Int
  let scale: Double

  init(_ reader: ConfigReader, from vision: any VisionConfig, to text: any LanguageConfig) throws {
    (inputs, outputs) = (vision.hiddenSize, text.hiddenSize)
    scale = try reader.positive("pairing_scale")
  }

  /// A last feature without a neighbour is left out.
  func tokens(_ grid: PatchGrid, features: Int) -> Int { features / 2 }
  var carriedOver: [String] { [] }
}

/// Linear(2·D, E) of pairs, a factor in front.
struct Pairing: Connector {
  static let card = ArchitectureCard(
    name: "Pairing", modelTypes: ["pairing_projector"], keys: KeyRules(root: ""), defaults: ["pairing_scale": 0.5],
    transformersClass: "PairingProjector")

  private let left: Linear
  private let right: Linear
  private let scale: Float
  private let extras: Int

  init(_ weights: Weights, _ config: PairingConfig) throws {
    let initial = Initialization.normal(deviation: 0.3 * config.scale)
    left = try Linear(weights, "multi_modal_projector.left", config.inputs, config.outputs, initial)
    right = try Linear(weights, "multi_modal_projector.right", config.inputs, config.outputs, initial, bias: nil)
    scale = Float(config.scale)
    extras = 1  // rows beside the patches: two of Mosaic's, less the one that the select strategy drops
  }

  func callAsFunction(_ features: Variable, grids: [PatchGrid]) -> Variable {
    var (start, first) = (0, [Int]())
    for grid in grids {
      let rows = grid.count + extras
      first += stride(from: start, to: start + rows - 1, by: 2)
      start += rows
    }
    return left(gatherRows(features, first)) + right(gatherRows(features, first.map { $0 + 1 }))
  }
}

extension MultimodalCard {
  /// Other modules, no outer one, other defaults.
  static let pairs = MultimodalCard(
    modelType: "pairs", visionType: "mosaic", languageType: "chain", connector: Pairing.self,
    modules: [(.vision, "eyes."), (.projector, "joint."), (.llm, "voice.")], outer: "",
    defaults: ["vision_feature_layer": -1, "image_token_index": 319], transformersClass: "PairsForConditionalGeneration"
  )
}
