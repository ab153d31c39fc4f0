// SPDX-License-Identifier: MIT
// probe linear: logistic regression on pooled features.
import ArgumentParser
import Checkpoints
import ComputeSupport
import Failures
import Models
import Probing
import StrictJSON
import TensorStream
import ToolSupport

struct Linear: FrameConsumer {
  static let configuration = CommandConfiguration(
    commandName: "linear",
    abstract: "Classify images by a linear function of their pooled features.",
    discussion: """
      Reads frames with "features" and a class (metadata "class" or a tensor "label"), pools each image's patches to one \
      vector of length 1 (--pool), and fits multinomial logistic regression to its optimum for each C of a grid. One line of JSON on \
      standard output; a table on standard error. docs/PROBES.md has the formulas and the JSON's fields.

      Example: two encoders on the same images
        probe linear --split 0.2 --compare dpo.features sft.features
      """)

  @OptionGroup var data: DataOptions
  @OptionGroup var classifier: ClassifierOptions
  @OptionGroup var comparison: ComparisonOptions
  @OptionGroup var results: ResultOptions
  @OptionGroup var seed: SeedOption
  @OptionGroup var compute: ComputeOptions
  @OptionGroup var input: InputOptions

  func validate() throws {
    try classifier.validate(with: data)
    if comparison.compare == nil, comparison.compareTest != nil || comparison.compareCkpt != nil {
      throw ValidationError("--compare-test and --compare-ckpt belong to --compare")
    }
    if comparison.compare != nil, (data.test == nil) != (comparison.compareTest == nil) {
      throw ValidationError(
        "--compare with --test needs the other encoder's test images as --compare-test, and only then")
    }
    if comparison.compareCkpt != nil, data.after == .encoder {
      throw ValidationError("--compare-ckpt names the projector of --after projector")
    }
    if comparison.compare != nil, data.after == .projector, comparison.compareCkpt == nil {
      throw ValidationError(
        "--compare with --after projector needs --compare-ckpt: the other encoder has its own projector")
    }
  }

  mutating func run(_ io: ToolIO) throws {
    compute.apply()
    let inputs = InputFiles(
      stream: input.files,
      [data.test, comparison.compare, comparison.compareTest, data.checkpoint.ckpt, comparison.compareCkpt])
    let outputs = try results.open(apartFrom: inputs)
    let own = try ExampleReader(io, data, ckpt: data.after == .projector ? data.checkpoint.path() : nil)
    let set = try own.read(io.reader, source: input.source)
    let test = try data.test.map { try own.read(FrameReader(paths: [$0]), source: $0) }
    let report = try probe(set, test)

    var compared: ProbeComparison?
    if let path = comparison.compare {
      let reader = try ExampleReader(io, data, ckpt: comparison.compareCkpt)
      let other = try reader.read(FrameReader(paths: [path]), source: path).ordered(as: set)
      let otherTest = try comparison.compareTest.map { path in
        try reader.read(FrameReader(paths: [path]), source: path).ordered(as: test ?? set)
      }
      compared = ProbeComparison(report, try probe(other, otherTest), source: path)
    }
    try outputs.write(report)
    try io.line(report.json(settings: settings, comparison: compared))
    if report.sharedCount > 0, !report.isLeaky {
      Diagnostics.warn(
        "\(report.sharedCount) of \(report.testIDs.count) test images are training images too (by image_digest, else by "
          + "id): what the probe has learnt by heart counts as right; test on other images")
    }
    for point in report.grid where !point.isConverged {
      Diagnostics.warn("C = \(point.c): stopped at an estimated \(point.gap) above the optimum, relative to it")
    }
    Diagnostics.table((report.table + [compared?.line].compactMap { $0 }).joined(separator: "\n"))
  }

  /// Splits, chooses and fits as the options say; the same way for both encoders of a comparison.
  private func probe(_ set: ProbeExamples, _ given: ProbeExamples?) throws -> ProbeReport {
    var (train, test) = (set, given ?? set)
    if let fraction = data.split { (train, test) = try set.split(fraction: fraction, seed: seed.seed) }
    let probe = LinearProbe(grid: classifier.c, selection: classifier.selection, seed: seed.seed)
    if classifier.tier == .prototype {
      return try probe.prototypes(from: classifier.fromTest ? test : train, test: test, isLeaky: classifier.fromTest)
    }
    if classifier.tier == .few { train = try train.few(perClass: classifier.perClass, seed: seed.seed) }
    let progress = Progress(unit: "fits")
    defer { progress.end() }
    return try probe.run(train: train, test: test) { progress.update($0, fraction: Double($0) / Double($1)) }
  }

  private var settings: JSONObject {
    var settings = JSONObject()
    settings["probe"] = "linear"
    settings["after"] = .string(data.after.rawValue)
    if data.pool != .patches { settings["pool"] = .string(data.pool.rawValue) }
    settings["tier"] = .string(classifier.tier.rawValue)
    if classifier.tier == .few { settings["per_class"] = .int(classifier.perClass) }
    settings["seed"] = .int(Int(clamping: seed.seed))
    return settings
  }
}

/// Reads the examples of one encoder.
private struct ExampleReader {
  private let io: ToolIO
  private let pooling: Pooling
  private let projector: ProjectedFeatures?

  init(_ io: ToolIO, _ data: DataOptions, ckpt: String?) throws {
    self.io = io
    pooling = data.pool
    projector = try data.after == .projector ? ckpt.map { try ProjectedFeatures(Checkpoint(opening: $0)) } : nil
  }

  func read(_ reader: FrameReader, source: String) throws -> ProbeExamples {
    let collector = ExampleCollector(source: source, pooling: pooling) { frame, features in
      try projector.map { try $0(frame, features) } ?? features
    }
    while let frame = try io.next(from: reader) { try io.attempt { try collector.add(frame) } }
    return try collector.examples()
  }
}

extension InputOptions {
  /// What messages call the input.
  fileprivate var source: String { files.isEmpty ? "stdin" : files.joined(separator: ", ") }
}
