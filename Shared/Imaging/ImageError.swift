// SPDX-License-Identifier: MIT
// Everything that can be wrong with a picture's bytes, said in one line each.  The caller adds the file's name.

import Failures

/// Why bytes are not a picture that can be used.
public enum ImageError: Failure, Equatable {
  case empty
  /// A format that is recognised and not read; its name.
  case otherFormat(String)
  /// No known magic bytes; the first few, for the message.
  case unknownFormat([UInt8])
  case truncated(format: String, detail: String)
  case damaged(format: String, detail: String)
  case unsupported(format: String, detail: String)
  case tooLarge(width: Int, height: Int)
  /// The header claims more pixels than the file's bytes can hold.
  case impossibleSize(width: Int, height: Int, bytes: Int)
  case outOfMemory(width: Int, height: Int)
  /// Scaling the shorter edge to `edge` would make the longer one too long.
  case tooNarrow(width: Int, height: Int, edge: Int)
  /// A label mask that has colours, not class numbers.
  case notLabels(String)

  public var exitStatus: ExitStatus { .badData }

  public var description: String {
    switch self {
    case .empty: "the image is empty (0 bytes)"
    case .otherFormat(let name): "\(name) is not read; convert it to JPEG or PNG"
    case .unknownFormat(let start):
      "neither JPEG nor PNG (it starts with \(start.map(hexadecimal).joined(separator: " ")))"
    case .truncated(let format, let detail): "truncated \(format): \(detail); was it copied completely?"
    case .damaged(let format, let detail): "damaged \(format): \(detail)"
    case .unsupported(let format, let detail): "unsupported \(format): \(detail); save it as 8-bit gray or RGB"
    case .tooLarge(let width, let height):
      "\(width) x \(height) pixels are too many (at most \(Image.mostPixels)); scale it down first"
    case .impossibleSize(let width, let height, let bytes):
      "the header claims \(width) x \(height) pixels, more than \(bytes) bytes can hold"
    case .outOfMemory(let width, let height): "out of memory for \(width) x \(height) pixels"
    case .tooNarrow(let width, let height, let edge):
      "\(width) x \(height) pixels are too narrow: with a shorter edge of \(edge) the picture would not fit in memory"
    case .notLabels(let what): "a mask must be a palette or gray PNG whose values are class numbers; this is \(what)"
    }
  }
}

func hexadecimal(_ byte: UInt8) -> String {
  let text = String(byte, radix: 16)
  return text.count == 1 ? "0" + text : text
}
