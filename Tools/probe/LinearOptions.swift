// SPDX-License-Identifier: MIT
// The options of probe linear, in groups.
import ArgumentParser
import ComputeSupport
import Imaging
import Probing
import StrictJSON
import ToolSupport

/// Which images, and which features of them.
struct DataOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Features of the test images; the input is then all for training.", valueName: "file"))
  var test: String?

  @Option(help: ArgumentHelp("Test on this part of each class of the input, drawn by the seed.", valueName: "fraction"))
  var split: Double?

  @Option(help: "Probe the encoder's features, or what the projector of --ckpt makes of them.")
  var after: Stage = .encoder

  @Option(
    help: """
      patches: the mean over an image's patches. all: over all its rows, a class token's too. cls: the class token alone.
      """)
  var pool: Pooling = .patches

  @OptionGroup var checkpoint: CheckpointOptions

  enum Stage: String, ExpressibleByArgument, CaseIterable {
    case encoder, projector
  }

  func validate() throws {
    if test != nil, split != nil { throw ValidationError("--test and --split exclude each other") }
    if let split, !(split > 0 && split < 1) { throw ValidationError("--split \(split): must be between 0 and 1") }
  }
}

extension Pooling: ExpressibleByArgument {}

/// Which classifier.
struct ClassifierOptions: ParsableArguments {
  @Option(
    help: """
      prototype: nearest class mean. few: logistic regression on --per-class training images of each class. full: on all.
      """)
  var tier: Tier = .full

  @Option(help: ArgumentHelp("Training images of each class with --tier few, drawn by the seed.", valueName: "n"))
  var perClass = 50

  @Option(
    name: .customLong("c"), parsing: .singleValue,
    help: ArgumentHelp(
      "Weight of the loss against the penalty, as scikit-learn's C: one or several, with commas between.",
      valueName: "list"),
    transform: numbers)
  var lists: [[Double]] = [LinearProbe.paperGrid]

  @Option(
    help: ArgumentHelp("The part of each class of the training images on which C is chosen.", valueName: "fraction"))
  var heldOut = 0.2

  @Flag(help: "Choose C on the test images, as PIVOT's evaluation does.")
  var selectOnTest = false

  @Flag(help: "Make the prototypes from the test images themselves, as PIVOT's evaluation does (leaky).")
  var fromTest = false

  enum Tier: String, ExpressibleByArgument, CaseIterable {
    case prototype, few, full
  }

  /// The grid.
  var c: [Double] { lists.flatMap { $0 } }

  var selection: CSelection { selectOnTest ? .test : .heldOut(fraction: heldOut) }

  func validate() throws {
    if !(heldOut > 0 && heldOut < 1) { throw ValidationError("--held-out \(heldOut): must be between 0 and 1") }
    if perClass < 1 { throw ValidationError("--per-class \(perClass): must be 1 or more") }
    if let bad = c.first(where: { !($0 > 0 && $0.isFinite) }) {
      throw ValidationError("--c \(bad): must be above 0")
    }
    if Set(c).count < c.count { throw ValidationError("--c: names a value twice") }
    if fromTest, tier != .prototype { throw ValidationError("--from-test belongs to --tier prototype") }
  }

  /// Rules between the two groups.
  func validate(with data: DataOptions) throws {
    if data.test == nil, data.split == nil, !fromTest {
      throw ValidationError("name the test images: --test FILE, or --split FRACTION for a part of the input")
    }
  }
}

/// "0.1,1,10".
@Sendable private func numbers(_ text: String) throws -> [Double] {
  try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
    guard let value = Double(part) else { throw ValidationError("--c \(text): \"\(part)\" is not a number") }
    return value
  }
}

/// The other encoder.
struct ComparisonOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Features of another encoder for the same images (matched by id): probed in the same way, with a paired test.",
      valueName: "file"))
  var compare: String?

  @Option(help: ArgumentHelp("With --compare and --test: the other encoder's test images.", valueName: "file"))
  var compareTest: String?

  @Option(help: ArgumentHelp("With --compare and --after projector: the other's checkpoint.", valueName: "path"))
  var compareCkpt: String?
}

/// Files beside standard output.
struct ResultOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Write a JSON line a test image: id, class, prediction, probability.", valueName: "file"))
  var predictions: String?

  @Option(
    help: ArgumentHelp("Write a JSON line a test image: the probabilities of all classes.", valueName: "file"))
  var probabilities: String?

  @Option(help: ArgumentHelp("Draw the confusion matrix.", valueName: "png"))
  var confusion: String?

  /// Tries all files before the work begins; none of them may be one of the inputs.
  func open(apartFrom inputs: InputFiles) throws -> ResultFiles {
    let named = [(predictions, "--predictions"), (probabilities, "--probabilities"), (confusion, "--confusion")]
    for (path, option) in named { try inputs.refuse(path, as: option) }
    let files = try named.map { path, option in try path.map { try OutputFile($0, as: option, apartFrom: inputs) } }
    return ResultFiles(predictions: files[0], probabilities: files[1], confusion: files[2])
  }
}

struct ResultFiles {
  let predictions, probabilities, confusion: OutputFile?

  func write(_ report: ProbeReport) throws {
    try predictions?.write(Self.lines(report.predictionLines))
    try probabilities?.write(Self.lines(report.probabilityLines))
    try confusion?.write(ConfusionPicture(report).png())
  }

  private static func lines(_ values: [JSONValue]) -> [UInt8] {
    var bytes: [UInt8] = []
    for value in values {
      value.write(to: &bytes)
      bytes.append(0x0A)
    }
    return bytes
  }
}
