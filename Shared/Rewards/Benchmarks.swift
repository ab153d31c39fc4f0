// SPDX-License-Identifier: MIT
// The benchmarks of the PIVOT paper (arXiv 2510.16333, table E), their groups and how each is scored; and POPE.
import Characters

/// A benchmark that the metadata `benchmark` names.
struct Benchmark: Sendable, Equatable {
  enum Group: String, Sendable, CaseIterable {
    case general = "General"
    case knowledge = "Knowledge"
    case ocrChart = "OCR & Chart"
    case visionCentric = "Vision-centric"
  }
  enum Method: String, Sendable {
    /// The mean reward.
    case mean
    /// A pair counts where all of its questions are right (MMVP; MMBench's circular evaluation, whose "pairs" are the
    /// rotations of one question).
    case pairs
    /// Of each category of perception the accuracy and the accuracy of pairs, (acc + acc⁺) / 2.
    case perception
    /// The mean over the metadata `source`, each with the same weight.
    case sources
    /// F1 of yes (POPE).
    case detection
  }
  let name: String
  /// nil: of none of the paper's groups.
  let group: Group?
  let method: Method

  /// MME's other ten categories are its perception part.
  static let perceptionCount = 10
  static let cognition: Set<String> = [
    "commonsense_reasoning", "numerical_calculation", "text_translation", "code_reasoning",
  ]

  private static let all: [Benchmark] = [
    Benchmark(name: "GQA", group: .general, method: .mean),
    Benchmark(name: "SEED", group: .general, method: .mean),
    Benchmark(name: "MME", group: .general, method: .perception),
    Benchmark(name: "MMBench", group: .general, method: .pairs),
    Benchmark(name: "AI2D", group: .knowledge, method: .mean),
    Benchmark(name: "ScienceQA", group: .knowledge, method: .mean),
    Benchmark(name: "MathVista", group: .knowledge, method: .mean),
    Benchmark(name: "MMMU", group: .knowledge, method: .mean),
    Benchmark(name: "TextVQA", group: .ocrChart, method: .mean),
    Benchmark(name: "DocVQA", group: .ocrChart, method: .mean),
    Benchmark(name: "ChartQA", group: .ocrChart, method: .mean),
    Benchmark(name: "OCRBench", group: .ocrChart, method: .mean),
    Benchmark(name: "MMVP", group: .visionCentric, method: .pairs),
    Benchmark(name: "RealWorldQA", group: .visionCentric, method: .mean),
    Benchmark(name: "CV-Bench-2D", group: .visionCentric, method: .sources),
    Benchmark(name: "CV-Bench-3D", group: .visionCentric, method: .mean),
    Benchmark(name: "POPE", group: nil, method: .detection),
  ]
  private static let byKey = Dictionary(uniqueKeysWithValues: all.map { (key($0.name), $0) })

  private static func key(_ name: String) -> String {
    String(
      decoding: name.utf8.filter { $0.isLetter || $0.isDigit }.map { $0.isCapital ? $0 | 0x20 : $0 }, as: UTF8.self)
  }

  /// The benchmark of this name, whatever its capitals and hyphens; nil for others.
  static func named(_ name: String) -> Benchmark? { byKey[key(name)] }
}
