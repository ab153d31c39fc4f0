// SPDX-License-Identifier: MIT
// The projector of LLaVA-1.5 (arXiv 2310.03744): features -> visual tokens, one each.  D vision width, E LLM width.
import Autograd
import Layers
import StrictJSON

/// What config.json says of the projector.
public struct MLPConnectorConfig: ConnectorConfig, Equatable {
  public var layers: ProjectorLayers
  public var activation: GELU
  /// Of new matrices.
  public var deviation: Double

  public init(_ reader: ConfigReader, from vision: any VisionConfig, to text: any LanguageConfig) throws {
    activation = try GELU(reader.string("projector_hidden_act"), reader, key: "projector_hidden_act")
    layers = try ProjectorLayers(reader, inputs: vision.hiddenSize, outputs: text.hiddenSize)
    deviation = text.deviation
  }

  public func tokens(_ grid: PatchGrid, features: Int) -> Int { features }

  public var carriedOver: [String] { (0..<(layers.old ?? 0)).map { ProjectorLayers.name($0) + "." } }
}

/// Linear(D, w₁) – GELU – Linear(w₁, w₂) – GELU – … – Linear(wₙ₋₁, E).  As published n = 2 and w₁ = E; one that was carried
/// over to another LLM may keep its layers and have new ones behind them (PIVOT, arXiv 2510.16333, appendix B.7).
public struct MLPConnector: Connector {
  private let layers: [Linear]
  private let activation: GELU

  public static let card = ArchitectureCard(
    name: "MLP", modelTypes: ["multi_modal_projector"], keys: KeyRules(root: ""),
    defaults: ["projector_hidden_act": "gelu", "multimodal_projector_bias": true],
    transformersClass: "LlavaMultiModalProjector")

  /// New layers: N(0, initializer_range of the LLM²), biases 0.
  public init(_ weights: Weights, _ config: MLPConnectorConfig) throws {
    let widths = config.layers.widths
    layers = try zip([config.layers.inputs] + widths, widths).enumerated().map { number, sizes in
      try Linear(
        weights, ProjectorLayers.name(number), sizes.0, sizes.1, .normal(deviation: config.deviation),
        bias: config.layers.hasBias ? .zeros : nil)
    }
    activation = config.activation
  }

  /// [Σ P, D] -> [Σ P, E]
  public func callAsFunction(_ features: Variable, grids: [PatchGrid]) -> Variable {
    layers.dropFirst().reduce(layers[0](features)) { states, layer in layer(gelu(states, activation)) }
  }
}
