// SPDX-License-Identifier: MIT
// LLaVA's projector in models that are taken apart and put together: it may keep its layers and get new ones behind them (PIVOT,
// arXiv 2510.16333, appendix B.7).
import Checkpoints
import Failures
import Layers
import StrictJSON

extension MLPConnector {
  public static func planned(
    from stored: Checkpoint?, _ choice: LayerChoice?, _ junction: Junction
  ) throws -> ConnectorPlan {
    var layers = ProjectorLayers(inputs: junction.inputs, widths: [junction.outputs, junction.outputs])
    var kept: Set<String> = []
    if let stored { (layers, kept) = try keptLayers(of: stored, choice, junction) }
    var plan = ConnectorPlan(
      config: config(of: layers, in: stored), absentKeys: [ProjectorLayers.widthsKey, ProjectorLayers.oldKey],
      kept: kept)
    if !layers.isPublished {
      let pieces = layers.old.map { " (\($0) kept, \(layers.widths.count - $0) new)" } ?? ""
      plan.notes.append(
        "the projector has \(layers.widths.count) linear layers\(pieces) of widths "
          + layers.widths.map(String.init).joined(separator: ", ")
          + ": transformers' LlavaForConditionalGeneration builds two of width \(junction.outputs) and leaves the rest out: "
          + "only these tools run this model")
    }
    return plan
  }

  /// With the sizes that it joins.
  public static func description(of stored: Checkpoint) throws -> JSONObject {
    let layers = try ProjectorLayers(stored)
    var result: JSONObject = ["vision_hidden_size": .int(layers.inputs), "text_hidden_size": .int(layers.outputs)]
    for (key, value) in config(of: layers, in: stored) { result[key] = value }
    return result
  }

  /// The keys of the card's defaults and those of the layers; what no tensor says is as in `stored`.
  private static func config(of layers: ProjectorLayers, in stored: Checkpoint?) -> JSONObject {
    var result = card.defaults
    if let activation = stored?.config["projector_hidden_act"] { result["projector_hidden_act"] = activation }
    result["multimodal_projector_bias"] = .bool(layers.hasBias)
    layers.describe(in: &result)
    return result
  }

  /// The layers of a projector that is taken over, and the names of the tensors that are kept of it.
  private static func keptLayers(
    of stored: Checkpoint, _ choice: LayerChoice?, _ junction: Junction
  ) throws -> (ProjectorLayers, Set<String>) {
    var layers = try ProjectorLayers(stored)
    guard layers.inputs == junction.inputs else {
      throw PlainFailure.badData(
        "\(stored.path): its projector takes features of width \(layers.inputs), the encoder of \(junction.encoder) gives "
          + "\(junction.inputs)")
    }
    let count = layers.widths.count
    if let choice {
      guard (1...count).contains(choice.kept) else {
        throw PlainFailure.usage(
          "--projector-layers \(choice.kept)+\(choice.new): the projector of \(stored.path) has \(count) linear layers")
      }
      layers.widths = Array(layers.widths.prefix(choice.kept))
      layers.old = choice.new > 0 ? choice.kept : nil
      // The last of the new ones goes to the LLM; those before it stay at the old width.
      for _ in 1..<max(1, choice.new) { layers.widths.append(layers.outputs) }
      if choice.new > 0 { layers.widths.append(junction.outputs) }
    }
    guard layers.outputs == junction.outputs else {
      throw PlainFailure.badData(
        "\(stored.path): its projector gives visual tokens of width \(layers.outputs), \(junction.llm) takes "
          + "\(junction.outputs); leave --projector out for a new one, or add a layer behind it with --projector-layers "
          + "\(count)+1")
    }
    let names = (0..<(choice?.kept ?? count)).flatMap { layer in
      [".weight", ".bias"].map { ProjectorLayers.name(layer) + $0 }
    }
    return (layers, Set(names))
  }
}
