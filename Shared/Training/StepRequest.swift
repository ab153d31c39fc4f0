// SPDX-License-Identifier: MIT
import Tensors

/// What a call of a step tool is asked for, besides the options that change numbers.
public struct StepRequest: Sendable {
  /// "dpo-step".
  public var tool: String
  /// The checkpoint that is trained.
  public var output: String
  /// The checkpoint a new run begins from, and the option or variable that named it.
  public var initial: String?
  /// Goes on from weights that have no training state.
  public var inPlace = false
  /// Begins a new run from the weights that are there.
  public var newRun = false
  /// Skips the frames that an interrupted call had used.
  public var resume = false
  public var skipBad = false
  /// Takes a reference that is not where the run began without a warning.
  public var anyReference = false
  /// The file that the log is appended to; nil: the host has it.
  public var log: String?
  /// Where the last step's gradients go.
  public var gradients: String?
  /// Steps between two saves; nil: every 10 minutes.
  public var saveEvery: Int?
  /// What computes: BLAS and kernels.
  public var kernels = Compute.description
  /// Input files; empty: standard input.
  public var files: [String] = []

  public init(tool: String, output: String, initial: String? = nil) {
    self.tool = tool
    self.output = output
    self.initial = initial
  }
}
