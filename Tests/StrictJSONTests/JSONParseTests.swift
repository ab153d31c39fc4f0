// SPDX-License-Identifier: MIT
import Failures
import StrictJSON
import TestSupport
import Testing

@Suite struct JSONParseTests {
  @Test(
    arguments: [
      ("null", .null), (" true ", .bool(true)), ("false", .bool(false)), ("0", .int(0)), ("-7", .int(-7)),
      ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
      ("9223372036854775808", .double(9_223_372_036_854_775_808)), ("1000000000000000019884624838656", .double(1e30)),
      ("0.1", .double(0.1)), ("1e-6", .double(1e-6)), ("2.50E+2", .double(250)), ("1.0", .double(1)),
      ("123456789012345678901234567890.5", .double(123456789012345678901234567890.5)),
      ("1.7976931348623157e308", .double(.greatestFiniteMagnitude)), ("5e-324", .double(5e-324)),
      ("1e-400", .double(0)),
      ("\"\"", ""), ("\"a\\n\\\"\\\\\\/\\b\\f\\r\\t\"", .string("a\n\"\\/\u{8}\u{c}\r\t")),
      ("\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\\u0000\"", .string("Aé€😀\0")), ("\"Bär 🐻\"", "Bär 🐻"),
      ("[]", []), ("[1,[2,{}]]", [1, [2, [:]]]), ("{\"a\":1, \"b\" : [true]}\r\n\t", ["a": 1, "b": [true]]),
    ] as [(String, JSONValue)])
  func valuesAreRead(_ text: String, _ expected: JSONValue) throws {
    #expect(try JSONValue.parse(text) == expected)
  }

  @Test func everyDoubleReadsBackAsItself() throws {
    var random = SeededGenerator(seed: 1)
    for _ in 0..<20_000 {
      let value = Double(bitPattern: random.next())
      if value.isFinite { #expect(try JSONValue.parse(value.description).double?.bitPattern == value.bitPattern) }
      let short = (Double(Int.random(in: -1_000_000...1_000_000, using: &random)) / 1000)
      #expect(try JSONValue.parse(short.description).double == short)
    }
  }

  static let refusals: [(String, String)] = [
    ("", "column 1: the text ends, expected a value"),
    ("   ", "column 4: the text ends, expected a value"),
    ("{", "column 2: the text ends, expected a key in double quotes"),
    ("{\"a\"}", "column 5: \"}\", expected \":\""),
    ("{\"a\":1,}", "column 8: \"}\", expected a key in double quotes"),
    ("{a:1}", "column 2: \"a\", expected a key in double quotes"),
    ("{\"a\":1 \"b\":2}", "column 8: a string, expected \",\" or \"}\""),
    ("{\"a\":1,\"a\":2}", "column 12: the key \"a\" occurs twice"),
    ("{\"a\":1,\"\\u0061\":2}", "column 17: the key \"a\" occurs twice"),
    ("[1,]", "column 4: \"]\", expected a value"),
    ("[1 2]", "column 4: \"2\", expected \",\" or \"]\""),
    ("1 2", "column 3: \"2\", expected the end of the text"),
    ("{}\n{}", "line 2, column 1: \"{\", expected the end of the text"),
    ("{\n\"é\": nul}", "line 2, column 6: \"n\", expected a value"),
    ("tru", "column 1: \"t\", expected a value"),
    ("01", "column 1: a number with a leading zero"),
    ("-", "column 1: a number without digits"),
    ("1.", "column 1: a number without digits"),
    (".5", "column 1: \".\", expected a value"),
    ("1e", "column 1: a number without digits"),
    ("+1", "column 1: \"+\", expected a value"),
    ("1e400", "column 1: a number beyond the range of 64-bit floats"),
    ("[NaN]", "column 5: NaN and Infinity are not JSON, expected a number or null"),
    ("-Infinity", "column 1: a number without digits"),
    ("\"abc", "column 2: a string without its closing quote"),
    ("\"a\\", "column 3: a string without its closing quote"),
    ("\"a\tb\"", "column 3: a raw control character 0x09 in a string, expected \\u0009"),
    ("\"\\x\"", "column 2: an unknown escape, expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u"),
    ("\"\\u12g4\"", "column 2: \\u without four hexadecimal digits"),
    ("\"\\ud83d\"", "column 2: half of a surrogate pair (\\ud83d) alone"),
    ("\"\\ud83d\\u0041\"", "column 2: half of a surrogate pair (\\ud83d) alone"),
    ("\"\\ude00\"", "column 2: half of a surrogate pair (\\ude00) alone"),
    ("\u{FEFF}{}", "column 1: the text starts with a byte order mark; save it as UTF-8 without one"),
    ("'a'", "column 1: \"'\", expected a value"),
    ("// x", "column 1: \"/\", expected a value"),
    ("\u{1}", "column 1: the byte 0x01, expected a value"),
  ]
  @Test(arguments: refusals)
  func malformedTextIsRefused(_ text: String, _ expected: String) {
    let error = #expect(throws: JSONError.self) { try JSONValue.parse(text) }
    #expect(error?.description == expected)
    #expect(error?.exitStatus == .badData)
  }

  @Test(
    arguments: [
      ([0x22, 0x61, 0xFF, 0x22], 2), ([0x22, 0xC3, 0x22], 1), ([0x22, 0xC0, 0xAF, 0x22], 1),
      ([0x22, 0xED, 0xA0, 0x80, 0x22], 1), ([0x22, 0x5C, 0x6E, 0xF5, 0x80, 0x80, 0x80, 0x22], 3),
      ([0x22, 0xC3, 0xA9, 0xE2, 0x82, 0x22], 3),
    ] as [([UInt8], Int)])
  func invalidUTF8IsRefusedAtItsByte(_ bytes: [UInt8], _ offset: Int) {
    let error = #expect(throws: JSONError.self) { try JSONValue.parse(bytes) }
    #expect(error?.message == "a string that is not UTF-8")
    #expect(error?.offset == offset)
  }

  @Test func nestingIsBounded() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try JSONValue.parse(nested(64))
    let error = #expect(throws: JSONError.self) { try JSONValue.parse(nested(65)) }
    #expect(error?.description == "column 65: nested too deeply")
    #expect(throws: JSONError.self) { try JSONValue.parse(String(repeating: "{\"a\":", count: 100_000)) }
    #expect(throws: JSONError.self) { try JSONValue.parse("[[]]", maxDepth: 1) }
  }

  /// A text of a tokenizer's size and shape: what matters is that it takes a fraction of a second, not minutes.
  @Test func aVocabularyIsReadWithoutLosingAKey() throws {
    var text: [UInt8] = Array("{\"vocab\":{".utf8)
    for index in 0..<150_000 {
      if index > 0 { text.append(0x2C) }
      JSONValue.write("Ġtoken\(index)é", to: &text)
      text += ":\(index)".utf8
    }
    text += "}}".utf8
    let vocabulary = try #require(try JSONValue.parse(text)["vocab"]?.object)
    #expect(vocabulary.count == 150_000)
    for index in stride(from: 0, to: 150_000, by: 977) { #expect(vocabulary["Ġtoken\(index)é"] == .int(index)) }
    #expect(vocabulary.entries[77].key == "Ġtoken77é")
  }

  @Test func aDuplicateAmongManyKeysIsRefused() {
    let members = (0..<100).map { "\"k\($0)\":0" } + ["\"k50\":1"]
    #expect(throws: JSONError.self) { try JSONValue.parse("{\(members.joined(separator: ","))}") }
  }

  @Test func randomBytesNeverTrap() {
    var random = SeededGenerator(seed: 2)
    let seed = Array(#"{"a":[1,-2.5e3,"xé\u00e9\n",true,null],"b":{"c":{}}}"#.utf8)
    for _ in 0..<50_000 {
      var bytes = seed
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch random.next() % 3 {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: at)
        default: bytes.insert(seed.randomElement(using: &random) ?? 0, at: at)
        }
      }
      // Whatever is accepted can be written and read again as the same value.
      if let value = try? JSONValue.parse(bytes) {
        let again = try? JSONValue.parse(value.text())
        #expect(again == value)
      }
    }
  }
}
