// SPDX-License-Identifier: MIT
// The recorded optima of Tests/Fixtures/probe, and small examples.
import Glibc
import TensorStream
import Tensors
import TestSupport
import Testing

@testable import Probing

/// One problem with scikit-learn's optima for several C.
struct ProbeFixture {
  let train: ProbeExamples
  let test: ProbeExamples
  let c: [Double]
  let objectives: [Double]
  /// For each C, [M · K].
  let probabilities: [[Float]]
  /// For each C, how many test images get their class.
  let correct: [Int]

  static let names = [
    "plain", "offset", "normalised", "separable", "two-classes", "correlated", "scaled", "few", "unbalanced", "many",
  ]

  init(_ name: String) throws {
    let frame = try #require(try FrameReader(paths: [fixture("probe/\(name).safetensors")]).next())
    func examples(_ part: String) throws -> ProbeExamples {
      let features = try #require(frame.tensors[part])
      let labels = try frame.int32s(part + "_labels")
      return ProbeExamples(
        source: name, ids: labels.indices.map { "\(part)-\($0)" }, classes: labels.map(String.init),
        features: Tensor(try frame.floats(part), shape: features.shape), encoder: nil)
    }
    func doubles(_ name: String) throws -> [Double] {
      let tensor = try #require(frame.tensors[name])
      return tensor.withUnsafeBytes { bytes in
        (0..<tensor.count).map { bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Double.self) }
      }
    }
    train = try examples("train")
    test = try examples("test")
    c = try doubles("c")
    objectives = try doubles("objectives")
    let all = try frame.floats("probabilities")
    let count = all.count / c.count
    probabilities = c.indices.map { Array(all[$0 * count..<($0 + 1) * count]) }
    correct = try frame.int32s("correct").map(Int.init)
  }
}

/// Examples in `classes` overlapping clusters.
func clusters(_ count: Int, classes: Int, width: Int, seed: UInt64, spread: Float = 0.6) -> ProbeExamples {
  var random = SeededGenerator(seed: seed)
  let centres = random.floats(classes * width)
  var values: [Float] = []
  for row in 0..<count {
    let noise = random.floats(width)
    values += (0..<width).map { centres[row % classes * width + $0] * spread + noise[$0] }
  }
  return ProbeExamples(
    source: "clusters", ids: (0..<count).map { "image-\($0)" }, classes: (0..<count).map { "class \($0 % classes)" },
    features: Tensor(values, shape: [count, width]), encoder: "0123456789abcdef")
}

/// log Σ exp, in f64.
func logSumExp(_ values: [Double]) -> Double {
  let largest = values.max() ?? 0
  return largest + log(values.reduce(0) { $0 + exp($1 - largest) })
}
