// SPDX-License-Identifier: MIT
// Random damage to a tokenizer.json is refused or harmless; it never ends the process.
import Failures
import StrictJSON
import TestSupport
import Testing
import Tokenizers

struct DamagedTokenizerTests {
  @Test(arguments: ["models/published/tokenizer.json", "tokenizer-llama/tokenizer.json"])
  func damagedFilesAreRefusedOrWork(file: String) throws {
    let whole = try readFile(fixture(file))
    let tokens: [[UInt8]] = ["0", "-1", "null", "[]", "{}", "\"\"", "true", "99999999", "\"a b\"", ",", "1e9"].map {
      Array($0.utf8)
    }
    var random = SeededGenerator(seed: 11)
    var refused = 0
    for _ in 0..<400 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[at] = UInt8.random(in: 0x20...0x7E, using: &random)
        case 1: bytes.remove(at: at)
        case 2: bytes.replaceSubrange(at..<min(bytes.count, at + 6), with: tokens.randomElement(using: &random) ?? [])
        default:  // a value replaced whole
          guard let colon = bytes[at...].firstIndex(of: UInt8(ascii: ":")) else { continue }
          let end = bytes[colon...].firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\n") } ?? bytes.count
          bytes.replaceSubrange(colon + 1..<end, with: tokens.randomElement(using: &random) ?? [])
        }
      }
      do {
        let tokenizer = try Tokenizer(json: JSONValue.parse(bytes))
        let ids = try tokenizer.encode("The square is <image> red<|im_end|>. 12 é", parseSpecial: true)
        _ = tokenizer.decode(ids)
      } catch let failure as any Failure {
        #expect(failure.exitStatus == .badData)
        #expect(!failure.description.contains("\n"))
        refused += 1
      }
    }
    #expect(refused > 100 && refused < 400)
  }
}
