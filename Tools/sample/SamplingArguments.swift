// SPDX-License-Identifier: MIT
import ArgumentParser
import Generation
import ToolSupport

/// How tokens are chosen and when a completion ends.
struct SamplingArguments: ParsableArguments {
  @Option(name: .customShort("n"), help: "Completions a prompt; they share one reading of it.")
  var n = 1

  @Flag(help: "Take the likeliest token each time.")
  var greedy = false

  @Option(help: "Logits are divided by it: below 1 bolder, above 1 more varied.")
  var temperature = 1.0

  @Option(help: "Draw from the likeliest tokens that together have this probability.")
  var topP = 1.0

  @Option(help: "Draw from this many of the likeliest tokens (0: all).")
  var topK = 0

  @Option(help: "Tokens a completion at most.")
  var maxTokens = 256

  @Option(
    help: ArgumentHelp(
      "A text that ends a completion; the completion's text ends before it. May be given several times.",
      valueName: "text"))
  var stop: [String] = []

  @Flag(help: "Go on after an end-of-turn token.")
  var ignoreEos = false

  @OptionGroup var seed: SeedOption

  func validate() throws {
    if !(1...4096).contains(n) { throw ValidationError("-n \(n): must be 1 to 4096") }
    if temperature == 0 { throw ValidationError("--temperature 0: that is --greedy") }
    if !(temperature > 0 && temperature.isFinite) {
      throw ValidationError("--temperature \(temperature): must be above 0 (--greedy takes the likeliest token)")
    }
    if !(topP > 0 && topP <= 1) { throw ValidationError("--top-p \(topP): must be above 0 and at most 1") }
    if topK < 0 { throw ValidationError("--top-k \(topK): must be 0 (all) or more") }
    if !(1...1 << 20).contains(maxTokens) { throw ValidationError("--max-tokens \(maxTokens): must be 1 or more") }
    if stop.contains("") { throw ValidationError("--stop \"\": an empty text ends nothing") }
    if greedy, temperature != 1 || topP != 1 || topK != 0 {
      throw ValidationError(
        "--greedy takes the likeliest token: --temperature, --top-p and --top-k have no place beside it")
    }
    if greedy, n > 1 { throw ValidationError("--greedy with -n \(n): all completions would be the same") }
  }

  var options: SamplingOptions {
    SamplingOptions(temperature: temperature, topK: topK, topP: topP, isGreedy: greedy, seed: seed.seed)
  }

  var limits: GenerationLimits { GenerationLimits(maximum: maxTokens, stops: stop, ignoresEnds: ignoreEos) }
}
