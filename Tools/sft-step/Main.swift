// SPDX-License-Identifier: MIT
// sft-step: supervised fine-tuning of a checkpoint, frame by frame.
import ArgumentParser
import ComputeSupport
import Objectives
import StepSupport
import ToolSupport

@main struct SFTStep: Tool {
  static let watchesSignals = true
  static let configuration = CommandConfiguration(
    commandName: "sft-step",
    abstract: "Train a checkpoint on supervised responses.",
    discussion: """
      Reads frames with "patches", "prompt" and "chosen" or "answer", takes optimizer steps, and replaces the \
      checkpoint as one whole. One line of JSON a step goes to standard output.

      Example: the projector alone, on captions
        imgtok --ckpt base --template plain < captions.jsonl > captions
        sft-step --ckpt s1.bin --init base --train projector --lr 1e-3 \\
          --log s1.jsonl captions
      """,
    version: Version.computing)

  @OptionGroup var own: TableArguments<SFTTable>
  @OptionGroup var step: StepArguments<SFTObjective>

  func run() throws { try step.run(own.values) }
}
