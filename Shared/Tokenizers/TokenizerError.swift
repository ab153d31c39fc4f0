// SPDX-License-Identifier: MIT
// What can be wrong with a tokenizer.json, and with a text for it.

import Failures

/// Callers put the file's name, or the manifest's line, in front.
public enum TokenizerError: Failure, Equatable {
  /// The file does not say what a tokenizer.json must say.
  case malformed(String)
  /// The file asks for something whose ids would differ from what this implementation produces.
  case unsupported(feature: String, found: String, supported: String)
  /// A byte of the text has no token, and the vocabulary has no unknown token.
  case noToken(byte: UInt8, word: String)

  public var exitStatus: ExitStatus { .badData }

  public var description: String {
    switch self {
    case .malformed(let text): text
    case .unsupported(let feature, let found, let supported):
      "\(feature) is \(found), which is not supported; supported: \(supported)"
    case .noToken(let byte, let word):
      "the tokenizer's vocabulary has no token for byte 0x\(String(byte, radix: 16, uppercase: true)) of \"\(word)\""
    }
  }
}
