// SPDX-License-Identifier: MIT
// An encoder and a language model that nobody published, written as CONTRIBUTING says: that they need nothing but this file
// and two lines of registry is what ArchitectureTests shows.
import Autograd
import Layers
import Models
import StrictJSON

/// Numbers of an encoder of pictures that are not square.
struct MosaicConfig: VisionConfig {
  let grid: PatchGrid
  let patchSize: Int
  let hiddenSize: Int
  let layerCount: Int
  var imageSize: Int { grid.height * patchSize }
  var activationsPerLayer: Int { 4 * hiddenSize }
  /// A register row for the picture and one for nothing in particular.
  var prefixRows: Int { 2 }

  init(_ reader: ConfigReader) throws {
    grid = PatchGrid(height: try reader.int("grid_height"), width: try reader.int("grid_width"))
    patchSize = try reader.int("patch_size")
    hiddenSize = try reader.int("hidden_size")
    layerCount = try reader.int("num_hidden_layers")
  }

  /// Half the picture will do as well.
  func accepts(_ grid: PatchGrid) -> Bool { grid.height == self.grid.height && grid.width <= self.grid.width }
}

/// Patches that look at each other once a layer; no norms, one head.
struct Mosaic: VisionEncoder {
  static let card = ArchitectureCard(
    name: "Mosaic", modelTypes: ["mosaic"], keys: KeyRules(root: "mosaic."), defaults: ["patch_size": 2],
    transformersClass: "MosaicModel")

  private let patches: Linear
  private let registers: [Variable]
  private let layers: [(query: Linear, out: Linear)]

  init(_ weights: Weights, _ config: MosaicConfig, depth: Int) throws {
    let prefix = "vision_tower.mosaic."
    let d = config.hiddenSize
    patches = try Linear(
      weights, prefix + "patches", 3 * config.patchSize * config.patchSize, d, .normal(deviation: 0.3))
    registers = try (0..<2).map { try weights.variable(prefix + "register.\($0)", [d], .normal(deviation: 0.5)) }
    func layer(_ number: Int) throws -> (query: Linear, out: Linear) {
      let name = prefix + "layer.\(number)"
      return (
        try Linear(weights, name + ".query", d, d, .xavier(d, d)),
        try Linear(weights, name + ".out", d, d, .xavier(d, d), bias: nil)
      )
    }
    layers = try (0..<depth).map(layer)
    try weights.unused { for number in depth..<config.layerCount { _ = try layer(number) } }
  }

  func callAsFunction(_ pixels: Variable, grids: [PatchGrid]) -> Variable {
    let rows = patches(pixels)
    // Pictures of several sizes: each gets its registers by itself.
    var start = 0
    var order: [Int] = []
    for grid in grids {
      order += [rows.rows, rows.rows + 1] + (start..<start + grid.count)
      start += grid.count
    }
    let withRegisters = stack(rows, registers)
    var x = gatherRows(withRegisters, order)
    let layout = AttentionLayout(bidirectional: Segment.roots(grids.map { $0.count + 2 }))
    for layer in layers {
      let q = layer.query(x)
      x = x + layer.out(attention(q, x, x, layout, heads: 1, keyHeads: 1))
    }
    return x
  }

  /// Rows with single ones behind them, out of operations that are there.
  private func stack(_ rows: Variable, _ single: [Variable]) -> Variable {
    let count = rows.rows
    var x = rows
    for (number, row) in single.enumerated() {
      // In front of all, then turned to the back.
      x = gatherRows(prepend(row, to: x, every: count + number), Array(1...count + number) + [0])
    }
    return x
  }
}

struct ChainConfig: LanguageConfig {
  let vocabularySize: Int
  let hiddenSize: Int
  let layerCount: Int
  let positionCount: Int
  let isTied: Bool
  var activations: Int { layerCount * 6 * hiddenSize }

  init(_ reader: ConfigReader, tiedAbove: Bool) throws {
    vocabularySize = try reader.int("vocab_size")
    hiddenSize = try reader.int("hidden_size")
    layerCount = try reader.int("num_hidden_layers")
    positionCount = try reader.int("max_position_embeddings")
    isTied = try reader.bool("tie_word_embeddings", or: false) || tiedAbove
  }
}

/// Layer norm, two heads of attention, no MLP; its last layer computes every row, and the used ones are picked at the end.
struct Chain: LanguageModel {
  static let card = ArchitectureCard(
    name: "Chain", modelTypes: ["chain", "chained"], keys: KeyRules(root: "chain."),
    defaults: ["max_position_embeddings": 128, "num_hidden_layers": 2], transformersClass: "ChainForCausalLM")

  let config: ChainConfig
  let embedding: any Weight
  var head: any Weight { embedding }
  private let layers: [(norm: LayerNorm, query: Linear, key: Linear, out: Linear)]

  init(_ weights: Weights, _ config: ChainConfig) throws {
    self.config = config
    let e = config.hiddenSize
    embedding = try weights.matrix("language_model.chain.words", [config.vocabularySize, e], .normal(deviation: 0.2))
    layers = try (0..<config.layerCount).map { number in
      let name = "language_model.chain.\(number)"
      return (
        try LayerNorm(weights, name + ".norm", e, epsilon: 1e-5),
        try Linear(weights, name + ".query", e, e, .xavier(e, e)),
        try Linear(weights, name + ".key", e, e, .xavier(e, e), bias: nil),
        try Linear(weights, name + ".out", e, e, .xavier(e, e))
      )
    }
  }

  func callAsFunction(_ x: Variable, _ context: any AttentionContext) -> Variable {
    let table = RotaryTable(context.positions, RotaryFrequencies(half: config.hiddenSize / 4, theta: 100))
    var x = x
    for (number, layer) in layers.enumerated() {
      let n = layer.norm(x)
      let attended = context.attend(
        rotary(layer.query(n), table), rotary(layer.key(n), table), n, heads: 2, keyHeads: 2, layer: number,
        ofUsed: false)
      x = x + layer.out(attended)
    }
    return context.used.map { gatherRows(x, $0) } ?? x
  }
}
