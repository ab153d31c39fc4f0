// SPDX-License-Identifier: MIT
// reward: scores completions; makes preference pairs of them; reports accuracy.
import ArgumentParser
import Failures
import Rewards
import TensorStream
import ToolSupport

@main struct Reward: FrameFilter {
  static let configuration = CommandConfiguration(
    commandName: "reward",
    abstract: "Score completions by rules or a judge; make preference pairs of them; print accuracy.",
    discussion: """
      Reads frames with the metadata "completions" (a JSON array of texts) and "gt" (the reference; else "answer"), \
      and adds "rewards" F32 [n], from 0 to 1, the "verdicts", and the spans that were "scored". No model is needed: \
      saved rollouts can be scored again.

      Rules: digit, mcq, math, iou, open-ended, exact, yesno, vqa, anls, relaxed, format (docs/REWARDS.md defines them).

      Example: accuracy by category
        reward --rule exact --summary rollouts > /dev/null
      Example: on-policy preference pairs
        imgtok < vqa.jsonl | encode | sample -n 8 | reward --pairs | score |
          dpo-step --ckpt enc.bin
      """,
    version: Version.text)

  static let impliedValues = ["--pairs": PairChoice.allCases.map(\.rawValue)]

  @OptionGroup(title: "Scoring") var scoring: ScoringOptions
  @OptionGroup(title: "Judge") var judge: JudgeOptions
  @OptionGroup(title: "Extractor") var extractor: ExtractorOptions
  @OptionGroup(title: "Preference pairs") var pairing: PairOptions
  @OptionGroup(title: "Report") var report: ReportOptions
  @OptionGroup var stream: StreamOptions

  func validate() throws {
    if pairing.choice == nil, let option = pairing.givenOption {
      throw ValidationError("\(option) belongs to --pairs, which is not there")
    }
  }

  mutating func run(_ io: ToolIO) throws {
    let report = try RewardReport(report, reading: stream.files)
    let judge = try judge.start()
    let extractor = try extractor.start()
    let rewarder = FrameRewarder(scoring, judge: judge, extractor: extractor)
    var options = OptionUse()
    var pairs = pairing.choice.map { PreferencePairs($0, pairing) }
    try io.forEach { frame in
      let scored = try rewarder.score(frame)
      let written = try pairs?.pairs(from: scored) ?? [scored.frame]
      try report.add(scored)
      options.add(scored)
      if self.report.writesFrames { for frame in written { try io.write(frame) } }
    }
    try judge?.close()
    try extractor?.close()
    for warning in options.warnings(scoring, judge: self.judge, extractor: self.extractor) { Diagnostics.warn(warning) }
    if let pairs { Diagnostics.note(pairs.report) }
    try report.finish()
  }
}
