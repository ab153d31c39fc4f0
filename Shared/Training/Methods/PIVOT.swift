// SPDX-License-Identifier: MIT
// What the stages of PIVOT (arXiv 2510.16333) and its training scripts have in common.
import Checkpoints
import OptionTables

extension StepOptions {
  /// AdamW without weight decay, cosine to 0, 3 % warm-up, norm clipped at 1, 256 examples a step, seed 42.
  mutating func setPIVOT(train: TrainedParts, learningRate: Double, epochs: Int) {
    self.batchSize = 256
    self.schedule = .cosine
    self.warmup = .fraction(0.03)
    self.clipNorm = 1
    self.weightDecay = 0
    self.seed = 42
    self.shuffle = true
    self.train = train
    self.learningRate = learningRate
    self.epochs = epochs
  }
}
