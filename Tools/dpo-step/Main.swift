// SPDX-License-Identifier: MIT
// dpo-step: direct preference optimisation of a checkpoint, frame by frame.
import ArgumentParser
import ComputeSupport
import Objectives
import StepSupport
import ToolSupport

@main struct DPOStep: Tool {
  static let watchesSignals = true
  static let configuration = CommandConfiguration(
    commandName: "dpo-step",
    abstract: "Train a checkpoint on preference pairs (direct preference optimisation).",
    discussion: """
      Reads frames with "patches", "prompt", "chosen" and "rejected", takes optimizer steps, and replaces the \
      checkpoint as one whole. One line of JSON a step goes to standard output, under TRL's names. Frames that carry \
      "logp_chosen" and "logp_rejected" (score adds them) need no second model; without them the checkpoint of --init \
      is held as the reference.

      Example: three epochs over scored pairs, from a Hugging Face folder to one file
        score --ckpt base < pairs > pairs.scored
        dpo-step --ckpt dpo.bin --init base --epochs 3 --shuffle \\
          --log dpo.jsonl pairs.scored
      """,
    version: Version.computing)

  @Option(help: "How far the policy may go from the reference: the smaller, the further (default: 0.1).")
  var beta: Double?

  @Option(
    help: ArgumentHelp(
      "Share of pairs taken to be labelled the wrong way round, below 0.5 (default: 0).", valueName: "share"))
  var labelSmoothing: Double?

  @Option(
    help: ArgumentHelp(
      "Weight of the chosen response's negative log-likelihood, a token (default: 0).", valueName: "weight"))
  var gamma: Double?

  @Flag(help: "Take frames whose reference is not what the run began from without a warning.")
  var anyReference = false

  @OptionGroup var step: StepArguments

  func run() throws {
    var choices = step.choices
    choices.beta = beta
    choices.labelSmoothing = labelSmoothing
    choices.gamma = gamma
    try step.run("dpo-step", choices, learningRate: 1e-6, anyReference: anyReference) {
      DPOObjective(beta: $0.beta, labelSmoothing: $0.labelSmoothing, gamma: $0.gamma)
    }
  }
}
