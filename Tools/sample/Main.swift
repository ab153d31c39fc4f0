// SPDX-License-Identifier: MIT
// sample: completions of prompts.
import ArgumentParser
import Checkpoints
import ComputeSupport
import Generation
import Inference
import Models
import ToolSupport

@main struct Sample: FrameFilter {
  static let configuration = CommandConfiguration(
    commandName: "sample",
    abstract: "Add completions of each frame's prompt.",
    discussion: """
      Reads frames with "prompt" (and "features" or "patches" for its images) and adds "completions" [n, L], padded \
      with -1, their log-probabilities "completion_logps" (temperature 1) and "sampling_logps" (what was drawn from), and \
      the metadata "completions" (texts), "finish", "sampling" and "policy". Frames come out in the order in which they \
      came in; the same seed gives the same text whatever the batch size, the number of threads and the other frames.

      Example: eight answers to each question
        imgtok --ckpt base < vqa.jsonl |
          sample --ckpt policy.bin -n 8 --temperature 0.8 > rollouts
      Example: watch the likeliest answers come
        imgtok --ckpt base < vqa.jsonl |
          sample --ckpt base --greedy --stream > /dev/null
      """,
    version: Version.computing)

  @OptionGroup var checkpoint: CheckpointOptions
  @OptionGroup(title: "What is sampled") var sampling: SamplingArguments

  @Option(help: "Completions that grow at the same time. Changes speed and memory, never what is sampled.")
  var batchSize = 16

  @Flag(
    name: .customLong("stream"),
    help: "Print the texts on standard error while they come, one completion after the other.")
  var printsTexts = false

  @OptionGroup var compute: ComputeOptions
  @OptionGroup(title: "Frames") var stream: StreamOptions

  func validate() throws {
    if !(1...4096).contains(batchSize) { throw ValidationError("--batch-size \(batchSize): must be 1 to 4096") }
  }

  mutating func run(_ io: ToolIO) throws {
    compute.apply()
    let settings = SampleSettings(
      copies: sampling.n, places: batchSize, sampling: sampling.options, limits: sampling.limits)
    let sampler = try FrameSampler(Checkpoint(opening: checkpoint.path()), settings, note: Diagnostics.note)
    let rate = Rate(unit: "tokens")
    sampler.onStep = { io.progressNote = rate.text($0) }
    if printsTexts {
      let printer = StreamPrinter(copies: sampling.n)
      sampler.onPiece(printer.add)
    }
    try io.pass(through: sampler)
    Diagnostics.detail("\(rate.summary), policy \(sampler.fingerprint)")
  }
}
