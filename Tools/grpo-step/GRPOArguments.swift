// SPDX-License-Identifier: MIT
// The options of grpo-step itself.
import ArgumentParser
import Objectives

struct GRPOArguments: ParsableArguments {
  @Option(
    help: """
      How tokens are averaged: grpo (by completion, then group), dr-grpo (by a constant, --normalizer), dapo (over all \
      tokens of a step) (default: grpo).
      """)
  var loss: GRPOLoss?

  @Option(
    help: """
      A completion's advantage in its group: std, (r - mean) / (std + eps), or mean, r - mean (default: std; of dr-grpo \
      mean).
      """)
  var advantage: GroupAdvantage?

  @Option(help: ArgumentHelp("Eps of --advantage std (default: 1e-4).", valueName: "eps"))
  var advantageEps: Double?

  @Option(help: ArgumentHelp("The ratio is clipped below 1 - this (default: 0.2).", valueName: "share"))
  var clipLow: Double?

  @Option(help: ArgumentHelp("The ratio is clipped above 1 + this (default: 0.2).", valueName: "share"))
  var clipHigh: Double?

  @Option(
    help: ArgumentHelp("Weight of the KL to the reference; 0 needs no reference (default: 0).", valueName: "beta"))
  var klCoef: Double?

  @Option(
    help: ArgumentHelp(
      "Steer --kl-coef so that the KL a token is this many nats (default: the coefficient is fixed).",
      valueName: "nats"))
  var klTarget: Double?

  @Option(
    help: ArgumentHelp(
      "Completions over which a KL 20 % off its target changes the coefficient by 20 % (default: 10000).",
      valueName: "n"))
  var klHorizon: Double?

  @Option(help: ArgumentHelp("Times that each batch is used (default: 1).", valueName: "n"))
  var innerEpochs: Int?

  @Option(help: ArgumentHelp("Groups an optimizer step (default: --batch-size).", valueName: "n"))
  var minibatchSize: Int?

  @Option(
    help: ArgumentHelp(
      "The constant of --loss dr-grpo: the tokens at which the sampler cuts a completion.", valueName: "tokens"))
  var normalizer: Double?

  @Flag(
    inversion: .prefixedNo,
    help: "Leave groups of equal rewards out before the pass, and out of every mean (default: no).")
  var skipFlat: Bool?

  @Option(
    help: ArgumentHelp(
      "Largest distance from 1 of a token's ratio at a call's first step (default: 1e-3).", valueName: "share"))
  var ratioTolerance: Double?

  @Flag(help: "Take completions of another policy, temperature or checkpoint: neither it nor the ratio is checked.")
  var offPolicy = false

  var choices: GRPOChoices {
    var choices = GRPOChoices()
    choices.loss = loss
    choices.advantage = advantage
    choices.advantageEpsilon = advantageEps
    choices.clipLow = clipLow
    choices.clipHigh = clipHigh
    choices.klCoefficient = klCoef
    choices.klTarget = klTarget
    choices.klHorizon = klHorizon
    choices.innerEpochs = innerEpochs
    choices.minibatchSize = minibatchSize
    choices.normalizer = normalizer
    choices.skipFlat = skipFlat
    choices.ratioTolerance = ratioTolerance
    choices.offPolicy = offPolicy
    return choices
  }
}

extension GRPOLoss: ExpressibleByArgument {}
extension GroupAdvantage: ExpressibleByArgument {}
