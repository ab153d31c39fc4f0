// SPDX-License-Identifier: MIT
// score: log-probabilities of responses under a checkpoint.
import ArgumentParser
import Checkpoints
import ComputeSupport
import Inference
import Models
import Objectives
import OptionTables
import ToolSupport

@main struct Score: FrameFilter {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Add reference log-probabilities to each frame.",
    discussion: """
      Reads frames with "prompt", "chosen" and "rejected" and adds "logp_chosen" and "logp_rejected": sums over a \
      response's tokens, in nats. Done once, no training step needs to hold a reference. With --choices it scores \
      candidate answers, with --completions what sample wrote.

      Example: how often is the right answer the likeliest, by category?
        imgtok --ckpt base < test.jsonl |
          score --ckpt enc.bin --choices --summary > /dev/null
      Example: what has training changed, on pairs that it has not seen?
        imgtok --ckpt base < pairs.jsonl | score --ckpt base |
          score --ckpt enc.bin --summary > /dev/null
      """,
    version: Version.computing)

  @OptionGroup var checkpoint: CheckpointOptions

  @Flag(help: "Score \"choices\" and add \"logp_choices\" [k], instead of pairs.")
  var choices = false

  @Flag(help: "Score \"completions\" token by token and add \"reference_logps\" [n, L], instead of pairs.")
  var completions = false

  @Flag(
    help: """
      Print a table on standard error: how often "gt" is the likeliest choice (of m equally likely ones each counts \
      1/m), with its standard error, beside blind guessing and always giving the most frequent answer (of pairs: the \
      chosen response likelier than the rejected; and the DPO loss, margin and accuracy against the reference that \
      they carry).
      """)
  var summary = false

  @Option(help: ArgumentHelp("The metadata that the summary tells apart.", valueName: "key"))
  var by = "category"

  @Option(help: "Beta of the DPO loss in the summary.")
  var beta = DPOOptions().beta

  @OptionGroup var compute: ComputeOptions
  @OptionGroup var stream: StreamOptions

  func validate() throws {
    if choices && completions { throw ValidationError("--choices and --completions exclude each other") }
    if completions && summary {
      throw ValidationError("--summary compares pairs or choices; completions have no table")
    }
  }

  mutating func run(_ io: ToolIO) throws {
    compute.apply()
    let scorer = try FrameScorer(
      Checkpoint(opening: checkpoint.path()), choices ? .choices : completions ? .completions : .pairs, beta: beta,
      by: by, note: Diagnostics.note)
    try io.pass(through: scorer.groups())
    if summary { Diagnostics.table(([scorer.summary.table] + scorer.pairs.lines).joined(separator: "\n")) }
  }
}
