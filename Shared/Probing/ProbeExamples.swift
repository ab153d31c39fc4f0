// SPDX-License-Identifier: MIT
// What a probe learns from: one row of features an image, with its class. N examples, D width.
import CKernels
import Failures
import Glibc
import TensorStream
import Tensors

/// Pooled features with their classes.
public struct ProbeExamples: Sendable {
  /// Where they were read, for messages.
  public let source: String
  public let ids: [String]
  /// Names of classes; numbers as text where frames carry only a label.
  public let classes: [String]
  /// [N, D], each row the mean over an image's patches, of length 1.
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
  private let transform: (Frame, Tensor) throws -> Tensor
  private var ids: [String] = []
  private var classes: [String] = []
  private var digests: [String?] = []
  private var values: [Float] = []
  private var width = 0
  private var encoder: String?

  /// - Parameter transform: applied to the features [P, D] of a frame before pooling (a projector); none by default.
  public init(source: String, transform: @escaping (Frame, Tensor) throws -> Tensor = { $1 }) {
    self.source = source
    self.transform = transform
  }

  public var count: Int { ids.count }

  /// Reads `features` [P, D] and the class of a frame.
  ///
  /// - Throws: `FrameError` where something is missing or not finite, or where width or encoder are not those of the frames
  ///   before.
  public func add(_ frame: Frame) throws {
    let name = try className(frame)
    let raw = try frame.tensor(
      .features, [.f32, .bf16, .f16, .f64], shape: [nil, nil], hint: "run encode before this")
    let prefix = frame.metadata[.prefixTokens].map { Int($0) ?? -1 } ?? 0
    guard prefix >= 0, raw.shape[0] > prefix, raw.shape[1] > 0 else {
      throw frame.error(
        "\"features\" is \(raw.summary) with \(prefix) prefix tokens: there is no patch to take the mean of")
    }
    let all = Tensor(try frame.floats(.features), shape: raw.shape)
    if let bad = firstBad(all) {
      let (row, column) = (bad / all.columns, bad % all.columns)
      throw frame.error("\"features\" has \(all.pointer[bad]) at [\(row), \(column)], expected finite numbers")
    }
    let patches = try transform(frame, all.rows(prefix..<all.rows))
    guard patches.isFinite else { throw frame.error("what the projector makes of \"features\" is not finite") }
    let fingerprint = frame.metadata[.encoder]
    if !ids.isEmpty {
      guard patches.columns == width else {
        throw frame.error("\"features\" has width \(patches.columns), frames before it have \(width)")
      }
      guard fingerprint == encoder else {
        throw frame.error(
          "its features come from \(Self.named(fingerprint)), those before from \(Self.named(encoder)); "
            + "a probe compares images, not encoders: keep them in files of their own")
      }
    }
    (width, encoder) = (patches.columns, fingerprint)
    ids.append(frame.id)
    classes.append(name)
    digests.append(frame.metadata[.imageDigest])
    appendPooled(patches)
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
  private func appendPooled(_ patches: Tensor) {
    var mean = [Double](repeating: 0, count: patches.columns)
    for row in 0..<patches.rows {
      let values = patches.pointer + row * patches.columns
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
