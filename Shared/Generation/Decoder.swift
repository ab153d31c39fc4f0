// SPDX-License-Identifier: MIT
// A language model forward only, over a KV cache, on weights as they are stored.
// T rows, E width, V vocabulary.
import Autograd
import Checkpoints
import Failures
import Layers
import Models
import Tensors

/// Reads prompts and continues them, a token of several completions at a time.
///
/// The bits of a completion's logits depend on its own tokens only: every product and norm treats a row in the same way
/// whatever rows lie beside it, and a prompt is read by itself.
public final class Decoder {
  private let model: any LanguageModel

  /// `model` must have mapped weights (`MultimodalModel(…, mapped: [.llm])`): their products promise what is said above.
  public init(_ model: any LanguageModel) { self.model = model }

  /// The language model of a checkpoint. Throws 65 where there is none, or where a key is missing, left over or of the wrong
  /// shape.
  public convenience init(_ checkpoint: Checkpoint) throws {
    guard checkpoint.anatomy.parts.contains(.llm) else {
      throw PlainFailure.badData("\(checkpoint.path): a \(checkpoint.modelType) checkpoint has no language model")
    }
    self.init(try MultimodalModel(checkpoint, parts: [.llm], mapped: [.llm]).language)
  }

  public var config: any LanguageConfig { model.languageConfig }

  /// Writes the embedding of a token, [E].
  public func embed(_ token: Int32, to target: UnsafeMutablePointer<Float>) {
    model.embedding.operand.copyRow(Int(token), to: target)
  }

  /// Where the rows of a prompt stand. `grids`: of its pictures.
  public func positions(_ prompt: SegmentForest, grids: [PatchGrid]) -> Positions {
    model.positions(prompt, grids: grids)
  }

  /// Reads a prompt: token embeddings with visual tokens in their places.   x [T, E]; positions nil: 0, 1, 2, …
  public func read(_ prompt: Tensor, positions: Positions? = nil) -> PromptCache {
    let context = PromptContext(positions ?? Positions((0..<prompt.rows).map(Int32.init)))
    return context.cache(logits: logits(Variable(prompt), context))
  }

  /// Reads one more token of each completion and says what follows it.   -> [completions, V]
  public func read(_ tokens: [Int32], _ completions: [CompletionCache]) -> Tensor {
    precondition(tokens.count == completions.count, "a token for each completion")
    let nothing = [Int32](repeating: -1, count: tokens.count)
    let x = Autograd.embed(tokens: tokens, table: model.embedding, visual: nothing, visualTokens: nil)
    let context = CompletionContext(completions)
    defer { context.advance() }
    return logits(x, context)
  }

  /// x [T, E]  ->  [used, V]
  private func logits(_ x: Variable, _ context: any AttentionContext) -> Tensor {
    linear(model(x, context), weight: model.head).value
  }
}
