// SPDX-License-Identifier: MIT
// What a probe learns from: one row of features an image, with its class. N examples, D width.
import CKernels
import Failures
import Glibc
import TensorStream
import Tensors

/// Which rows of an image's features are pooled.
public enum Pooling: String, Sendable, CaseIterable {
  /// The mean over its patches, without the rows in front of them that are none.
  case patches
  /// The mean over every row.
  case all
  /// The first row in front of the patches, the class token, alone.
  case cls

  /// The rows that are pooled, of `count` rows of which `prefix` are in front of the patches; nil: there is none.
  func rows(of count: Int, prefix: Int) -> Range<Int>? {
    let range =
      switch self {
      case .patches: prefix..<max(prefix, count)
      case .all: 0..<count
      case .cls: 0..<min(1, prefix, count)
      }
    return range.isEmpty ? nil : range
  }
}

/// Pooled features with their classes.
public struct ProbeExamples: Sendable {
  /// Where they were read, for messages.
  public let source: String
  public let ids: [String]
  /// Names of classes; numbers as text where frames carry only a label.
  public let classes: [String]
  /// [N, D], each row the mean over those rows of an image that are pooled, of length 1.
  public let features: Tensor
  /// The fingerprint of the encoder; nil where the frames name none.
  public let encoder: String?
  /// Digests of the images' contents, where the frames have them; empty where nobody asked.
  var digests: [String?] = []

  public var count: Int { ids.count }

  /// The examples at these positions, in this order.
  public func rows(_ positions: [Int]) -> ProbeExamples {
    let width = features.columns
    let selected = Tensor(uninitialized: [positions.count, width])
    inChunks(positions.count, size: 1024) { range in
      for row in range {
        (selected.pointer + row * width).update(from: features.pointer + positions[row] * width, count: width)
      }
    }
    return ProbeExamples(
      source: source, ids: positions.map { ids[$0] }, classes: positions.map { classes[$0] }, features: selected,
      encoder: encoder, digests: digests.isEmpty ? [] : positions.map { digests[$0] })
  }

  /// How many of these images are among `others`: the same by their digest, or by id where one of them has none.
  func count(in others: ProbeExamples) -> Int {
    func identified(_ examples: ProbeExamples) -> [(id: String, digest: String?)] {
      examples.ids.indices.map { (examples.ids[$0], examples.digests.isEmpty ? nil : examples.digests[$0]) }
    }
    let known = identified(others)
    let digests = Set(known.compactMap(\.digest))
    let ids = Set(known.map(\.id))
    let idsOnly = Set(known.lazy.filter { $0.digest == nil }.map(\.id))
    return identified(self).count { id, digest in
      digest.map { digests.contains($0) || idsOnly.contains(id) } ?? ids.contains(id)
    }
  }
}

/// Takes frames in and keeps one row of each.
public final class ExampleCollector {
  private let source: String
  private let pooling: Pooling
  private let transform: (Frame, Tensor) throws -> Tensor
  private var ids: [String] = []
  private var classes: [String] = []
  private var digests: [String?] = []
  private var values: [Float] = []
  private var width = 0
  private var encoder: String?

  /// - Parameter transform: applied to all features [P, D] of a frame before pooling (a projector); none by default.
  public init(
    source: String, pooling: Pooling = .patches, transform: @escaping (Frame, Tensor) throws -> Tensor = { $1 }
  ) {
    self.source = source
    self.pooling = pooling
    self.transform = transform
  }

  public var count: Int { ids.count }

  /// Reads `features` [P, D] and the class of a frame.
  ///
  /// - Throws: `FrameError` where something is missing or not finite, where there is no row to pool, or where width or encoder
  ///   are not those of the frames before.
  public func add(_ frame: Frame) throws {
    let name = try className(frame)
    let raw = try frame.tensor(
      .features, [.f32, .bf16, .f16, .f64], shape: [nil, nil], hint: "run encode before this")
    let prefix = frame.metadata[.prefixTokens].map { Int($0) ?? -1 } ?? 0
    guard prefix >= 0, raw.shape[1] > 0, let rows = pooling.rows(of: raw.shape[0], prefix: prefix) else {
      let missing =
        pooling == .cls
        ? "there is no class token for --pool cls; --pool patches takes the mean of the patches"
        : "there is no patch to take the mean of"
      throw frame.error("\"features\" is \(raw.summary) with \(prefix) prefix tokens: \(missing)")
    }
    let all = Tensor(try frame.floats(.features), shape: raw.shape)
    if let bad = firstBad(all) {
      let (row, column) = (bad / all.columns, bad % all.columns)
      throw frame.error("\"features\" has \(all.pointer[bad]) at [\(row), \(column)], expected finite numbers")
    }
    // A projector takes the rows that its model gives it; where it leaves a row each, those in front are still no patches.
    let transformed = try transform(frame, all)
    guard transformed.rows == all.rows || pooling != .cls else {
      throw frame.error(
        "the projector makes \(transformed.rows) rows of \(all.rows), so none of them is the class token's; --pool cls needs "
          + "features as encode writes them")
    }
    let pooled = transformed.rows == all.rows ? transformed.rows(rows) : transformed
    guard pooled.isFinite else { throw frame.error("what the projector makes of \"features\" is not finite") }
    let fingerprint = frame.metadata[.encoder]
    if !ids.isEmpty {
      guard pooled.columns == width else {
        throw frame.error("\"features\" has width \(pooled.columns), frames before it have \(width)")
      }
      guard fingerprint == encoder else {
        throw frame.error(
          "its features come from \(Self.named(fingerprint)), those before from \(Self.named(encoder)); "
            + "a probe compares images, not encoders: keep them in files of their own")
      }
    }
    (width, encoder) = (pooled.columns, fingerprint)
    ids.append(frame.id)
    classes.append(name)
    digests.append(frame.metadata[.imageDigest])
    appendPooled(pooled)
  }

  /// All that was taken in.
  ///
  /// - Throws: 65 where there is nothing.
  public func examples() throws -> ProbeExamples {
    guard !ids.isEmpty else { throw PlainFailure.badData("\(source): there are no examples to probe") }
    defer { values = [] }
    return ProbeExamples(
      source: source, ids: ids, classes: classes, features: Tensor(values, shape: [ids.count, width]), encoder: encoder,
      digests: digests)
  }

  private func className(_ frame: Frame) throws -> String {
    if let name = frame.metadata[.className] {
      guard !name.isEmpty else { throw frame.error("metadata \"class\" is empty, expected the name of a class") }
      return name
    }
    guard frame.tensors[.label] != nil else {
      throw frame.error(
        "has neither metadata \"class\" nor a tensor \"label\"; imgtok writes them for a folder of classes and for "
          + "manifests with \"label\"")
    }
    let label = try frame.int32s(.label, shape: [1])[0]
    guard label >= 0 else { throw frame.error("\"label\" is \(label), expected 0 or more") }
    return String(label)
  }

  /// The mean over the rows, made a vector of length 1 (zeros stay zeros): in f64, rounded once.
  private func appendPooled(_ features: Tensor) {
    var mean = [Double](repeating: 0, count: features.columns)
    for row in 0..<features.rows {
      let values = features.pointer + row * features.columns
      for column in mean.indices { mean[column] += Double(values[column]) }
    }
    // Scaled by the largest first: squares of very large or small features would leave the range.
    let scale = 1 / max(mean.reduce(0) { max($0, abs($1)) }, 1e-300)
    let norm = mean.reduce(0) { $0 + ($1 * scale) * ($1 * scale) }.squareRoot()
    let factor = norm > 0 ? scale / norm : 0
    values.append(contentsOf: mean.lazy.map { Float($0 * factor) })
  }

  private func firstBad(_ tensor: Tensor) -> Int? {
    tensor.isFinite ? nil : (0..<tensor.count).first { !tensor.pointer[$0].isFinite }
  }

  private static func named(_ encoder: String?) -> String {
    encoder.map { "encoder \($0)" } ?? "an encoder without a name"
  }
}
