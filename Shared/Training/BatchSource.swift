// SPDX-License-Identifier: MIT
// Where batches come from: a stream that passes once, or files that are read again and again.
import Examples
import Failures
import Inference
import Objectives
import TensorStream

/// A frame of a batch, or why it could not be read.
public typealias ReadFrame = Result<Frame, FrameError>

/// Hands out batches. A bad frame takes its place in a batch: which frames form a batch never depends on what is in
/// them.
protocol BatchSource: AnyObject {
  /// For messages: "stdin", a file's path.
  var name: String { get }
  var input: RunInput { get }
  /// Batches in one pass; nil where nobody knows.
  var batchesPerEpoch: Int? { get }
  /// Optimizer steps in one pass; nil where nobody knows.
  func stepsPerEpoch(_ plan: UpdatePlan) -> Int?
  /// The batch that `state` stands before; nil where the data end. Throws what is no matter of a single frame.
  func next(at state: RunState) throws -> [ReadFrame]?
  /// True where it is known that no batch is left. A stream never knows.
  func isExhausted(at state: RunState) -> Bool
}

/// Frames of a pipe, in the order of arrival.
final class StreamBatches: BatchSource {
  let name: String
  let input = RunInput.stream
  let batchesPerEpoch: Int? = nil
  private let reader: FrameReader
  private let batchSize: Int
  private let dropLast: Bool
  private var toSkip: Int

  /// - Parameters:
  ///   - skip: frames that an interrupted call had used.
  ///   - shouldStop: asked while a read waits.
  init(files: [String], batchSize: Int, dropLast: Bool, skip: Int, shouldStop: @escaping () -> Bool) throws {
    name = files.isEmpty ? "stdin" : files.joined(separator: ", ")
    reader = try FrameReader(paths: files)
    reader.shouldStop = shouldStop
    self.batchSize = batchSize
    self.dropLast = dropLast
    toSkip = skip
  }

  func next(at state: RunState) throws -> [ReadFrame]? {
    while toSkip > 0 {
      guard try read() != nil else {
        throw PlainFailure.badData(
          "\(name): ended \(toSkip) frames before the place where the interrupted call had stopped; is it the same "
            + "stream?"
        )
      }
      toSkip -= 1
    }
    var batch: [ReadFrame] = []
    while batch.count < batchSize, let frame = try read() { batch.append(frame) }
    return batch.isEmpty || (dropLast && batch.count < batchSize) ? nil : batch
  }

  func stepsPerEpoch(_ plan: UpdatePlan) -> Int? { nil }
  func isExhausted(at state: RunState) -> Bool { false }

  private func read() throws -> ReadFrame? {
    do {
      return try reader.next().map { .success($0) }
    } catch let error as FrameError where error.isRecoverable {
      return .failure(error)
    }
  }
}

/// Frames of files, in the order of `DataOrder`, for any number of epochs.
final class FileBatches: BatchSource {
  let name: String
  let input: RunInput
  private let files: [FrameFile]
  private let order: DataOrder
  private let epochs: Int
  /// The order of one epoch, which is made once.
  private var current: (epoch: Int, frames: [Int])?

  var batchesPerEpoch: Int? { order.batchesPerEpoch }

  /// - Parameter keepsDamaged: a frame whose checksum does not fit takes its place in a batch, and is refused there.
  init(paths: [String], options: StepOptions, keepsDamaged: Bool) throws {
    name = paths.joined(separator: ", ")
    files = try paths.map { try FrameFile(path: $0, keepsDamaged: keepsDamaged) }
    let frames = files.reduce(0) { $0 + $1.count }
    guard frames > 0 else { throw PlainFailure.badData("\(name): no frames; there is nothing to learn from") }
    order = DataOrder(
      frameCount: frames, batchSize: options.batchSize, shuffle: options.shuffle, dropLast: options.dropLast,
      seed: options.seed)
    guard order.batchesPerEpoch > 0 else {
      throw PlainFailure.badData(
        "\(name): \(frames) frames are less than one batch of \(options.batchSize), and --drop-last leaves it out")
    }
    epochs = options.passes
    input = .file(
      size: files.reduce(0) { $0 + $1.size }, digest: files.map(\.digest).joined(separator: "+"), frames: frames)
  }

  func next(at state: RunState) throws -> [ReadFrame]? {
    guard !isExhausted(at: state) else { return nil }
    if current?.epoch != state.epoch { current = (state.epoch, order.frames(ofEpoch: state.epoch)) }
    guard let frames = current?.frames else { return nil }
    return try order.positions(ofBatch: state.batch).map { position in
      do {
        return .success(try frame(frames[position]))
      } catch let error as FrameError where error.isRecoverable {
        return .failure(error)
      }
    }
  }

  func stepsPerEpoch(_ plan: UpdatePlan) -> Int? { order.stepsPerEpoch(plan) }
  func isExhausted(at state: RunState) -> Bool { state.epoch >= epochs }

  private func frame(_ number: Int) throws -> Frame {
    var number = number
    for file in files {
      if number < file.count { return try file.frame(number) }
      number -= file.count
    }
    preconditionFailure("frame \(number) beyond the last")
  }
}
