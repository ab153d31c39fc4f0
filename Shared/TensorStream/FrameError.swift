// SPDX-License-Identifier: MIT
import Failures

/// Where in the input a frame came from.
public struct FramePlace: Sendable, Equatable {
  /// "stdin" or the file's path.
  public var source: String
  /// The frame's number in the source, from 0.
  public var number: Int
  /// The frame's id, where one is known.
  public var id: String?

  public init(source: String, number: Int, id: String? = nil) {
    self.source = source
    self.number = number
    self.id = id
  }
}

/// Why a stream or a frame is refused, and where.
public struct FrameError: Failure, Equatable {
  public enum Problem: Sendable, Equatable {
    /// Zero bytes, not even an end frame.
    case empty
    /// The input ends inside a frame: `have` of the `expected` bytes of its header length, its header or its tensors.
    case cut(part: String, have: Int, expected: Int)
    case header(HeaderError)
    case tooLarge
    /// `seq` without `crc32`.
    case noChecksum
    case checksum(stated: String, found: String)
    case sequence(stated: String, expected: Int)
    case endFrame(String)
    case count(stated: Int, read: Int)
    /// No end frame after frames with `seq`.
    case endedEarly
    case reserved(key: String)
    /// A tensor that is not there.
    case missing(tensor: String, hint: String)
    /// A tensor with another dtype or shape than expected.
    case wrong(tensor: String, is: String, expected: String)
    /// Whatever else a tool finds wrong with an example.
    case other(String)
  }

  public let source: String
  public let number: Int?
  public let id: String?
  public let problem: Problem

  public init(_ place: FramePlace, _ problem: Problem) {
    (source, number, id) = (place.source, place.number, place.id)
    self.problem = problem
  }

  /// A problem of the stream as a whole.
  init(source: String, _ problem: Problem) {
    (self.source, number, id) = (source, nil, nil)
    self.problem = problem
  }

  public var exitStatus: ExitStatus { .badData }

  /// Whether the next frame can be read all the same: this one's header told where it ends.
  public var isRecoverable: Bool {
    switch problem {
    case .checksum, .missing, .wrong, .other: true
    default: false
    }
  }

  private var place: String {
    guard let number else { return source }
    return "\(source): frame \(number)" + (id.map { " (id \($0))" } ?? "")
  }

  public var description: String {
    switch problem {
    case .endedEarly:
      let last = id.map { " (id \($0))" } ?? ""
      return "\(source): the stream ended early after frame \(number ?? 0)\(last): the writer upstream died"
    default:
      return "\(place): \(problem.text)"
    }
  }
}

extension FrameError.Problem {
  /// What is wrong and what was expected, without the place.
  var text: String {
    switch self {
    case .empty:
      "nothing arrived, not even an end frame; did the command upstream fail?"
    case .cut(let part, let have, let expected):
      "the stream ends inside \(part) (\(have) of \(expected) bytes): the writer upstream died"
    case .header(let error):
      error.text
    case .tooLarge:
      "the tensors' sizes overflow"
    case .noChecksum:
      "has \"seq\" but no \"crc32\"; a numbered frame needs its checksum"
    case .checksum(let stated, let found):
      "the checksum is \(stated), but the bytes give \(found): damaged on the way"
    case .sequence(let stated, let expected):
      "\"seq\" is \(quoted(stated)), expected \"\(expected)\": frames are missing, repeated or out of order"
    case .endFrame(let problem):
      "the end frame \(problem)"
    case .count(let stated, let read):
      "the end frame counts \(stated) frames, but \(read) were read"
    case .endedEarly:
      "the stream ended early: the writer upstream died"
    case .reserved(let key):
      "metadata \(quoted(key)) is reserved for the stream itself; give it another name"
    case .missing(let tensor, let hint):
      "there is no tensor \(quoted(tensor))\(hint.isEmpty ? "" : "; \(hint)")"
    case .wrong(let tensor, let found, let expected):
      "\(quoted(tensor)) is \(found), expected \(expected)"
    case .other(let text):
      text
    }
  }
}
