// SPDX-License-Identifier: MIT
// The projector of LLaVA-1.5 (arXiv 2310.03744): features -> visual tokens.  D vision width, E LLM width.
import Autograd

/// Linear(D, w₁) – GELU – Linear(w₁, w₂) – GELU – … – Linear(wₙ₋₁, E).  As published n = 2 and w₁ = E; one that was carried
/// over to another LLM may keep its layers and have new ones behind them (PIVOT, arXiv 2510.16333, appendix B.7).
struct Projector {
  private let layers: [LinearLayer]
  private let activation: GELU

  /// `widths`: w₁ … wₙ₋₁, E.
  init(_ weights: Weights, inputs: Int, widths: [Int], activation: GELU, bias: Bool) throws {
    layers = try zip([inputs] + widths, widths).enumerated().map { number, sizes in
      try LinearLayer(weights, Self.name(number), sizes.0, sizes.1, bias: bias)
    }
    self.activation = activation
  }

  /// The checkpoint key of a layer, counted from 0.
  static func name(_ layer: Int) -> String { "multi_modal_projector.linear_\(layer + 1)" }

  /// [P, D] -> [P, E]
  func callAsFunction(_ features: Variable) -> Variable {
    layers.dropFirst().reduce(layers[0](features)) { states, layer in layer(gelu(states, activation)) }
  }
}
