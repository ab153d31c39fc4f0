// SPDX-License-Identifier: MIT
// The projector of LLaVA-1.5 (arXiv 2310.03744): features -> visual tokens.  D vision width, E LLM width.
import Autograd

/// Linear(D, E) – GELU – Linear(E, E)
struct Projector {
  private let linear1, linear2: LinearLayer
  private let activation: GELU

  init(_ weights: Weights, inputs: Int, outputs: Int, activation: GELU, bias: Bool) throws {
    linear1 = try LinearLayer(weights, "multi_modal_projector.linear_1", inputs, outputs, bias: bias)
    linear2 = try LinearLayer(weights, "multi_modal_projector.linear_2", outputs, outputs, bias: bias)
    self.activation = activation
  }

  /// [P, D] -> [P, E]
  func callAsFunction(_ features: Variable) -> Variable { linear2(gelu(linear1(features), activation)) }
}
