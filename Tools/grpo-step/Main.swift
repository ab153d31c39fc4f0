// SPDX-License-Identifier: MIT
// grpo-step: reinforcement learning of a checkpoint from groups of scored completions.
import ArgumentParser
import ComputeSupport
import Objectives
import StepSupport
import ToolSupport

@main struct GRPOStep: Tool {
  static let watchesSignals = true
  static let configuration = CommandConfiguration(
    commandName: "grpo-step",
    abstract: "Train a checkpoint on groups of scored completions (group relative policy optimisation).",
    discussion: """
      Reads frames with "patches", "prompt", "completions", "completion_logps" and "rewards", takes optimizer steps, and \
      replaces the checkpoint as one whole. A frame is a group: one prompt and all its completions; --batch-size counts \
      groups. One line of JSON a step goes to standard output, under TRL's names. With --kl-coef the frames bring \
      "reference_logps" (score --completions adds them), or the checkpoint of --init is held as the reference.

      The completions must be those of the checkpoint that is trained: at a call's first step every ratio is 1, and it \
      is checked.

      Example: the first round
        sample -n 8 --ckpt base < prompts | reward |
          grpo-step --ckpt policy.bin --init base --schedule constant \\
            --log policy.jsonl
      Example: every other round: the new policy samples
        sample -n 8 --ckpt policy.bin < prompts | reward |
          grpo-step --ckpt policy.bin --schedule constant --log policy.jsonl
      """,
    version: Version.computing)

  @OptionGroup var own: TableArguments<GRPOTable>
  @OptionGroup var reference: ReferenceArguments
  @OptionGroup var step: StepArguments<GRPOObjective>

  func run() throws { try step.run(own.values, anyReference: reference.anyReference) }
}
