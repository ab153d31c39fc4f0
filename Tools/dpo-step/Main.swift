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

  @OptionGroup var own: TableArguments<DPOTable>
  @OptionGroup var reference: ReferenceArguments
  @OptionGroup var step: StepArguments<DPOObjective>

  func run() throws { try step.run(own.values, anyReference: reference.anyReference) }
}
