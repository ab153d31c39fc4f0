// SPDX-License-Identifier: MIT
// Errors as text, and what no template may do: hang, crash, or cost without bound.
import Failures
import Jinja
import StrictJSON
import TestSupport
import Testing

struct ErrorTests {
  func message(_ source: String, _ limits: JinjaLimits = JinjaLimits()) -> String {
    do {
      return "no error: " + (try JinjaTemplate(source, limits: limits).render(["text": "words", "none": .null]))
    } catch let failure as any Failure {
      #expect(failure.exitStatus == .badData)
      #expect(!failure.description.contains("\n"))
      return failure.description
    } catch {
      return "a stranger: \(error)"
    }
  }

  static let mistakes: [(String, String)] = [
    ("a\n{{ text | wonder }}", "line 2: the filter \"wonder\" is not supported"),
    ("{{ text is wonderful }}", "line 1: the test \"wonderful\" is not supported"),
    ("{{ text.zfill(3) }}", "line 1: the method \"zfill\" of a string is not supported"),
    ("{% include 'x' %}", "line 1: the tag \"include\" is not supported"),
    ("{% for x in y recursive %}{% endfor %}", "line 1: recursive loops are not supported"),
    ("{{ f(*x) }}", "line 1: arguments with \"*\" are not supported"),
    ("{{ strftime_now('%d') }}", "line 1: strftime_now is not supported: what it gives depends on the day"),
    ("\n\n{{ raise_exception('No\\tsystem role!') }}", "line 3: raises \"No\\tsystem role!\""),
    ("{{ message.content }}", "line 1: \"message\" is undefined and has no \"content\""),
    ("{{ 'a' + none }}", "line 1: a string + None is not defined"),
    ("{{ text.upper", "line 1: the tag has no end"),
    ("\n{% if text %}\n", "line 2: the block has no endif"),
    ("{% endfor %}", "line 1: \"endfor\" without its beginning"),
    ("{{ text text }}", "line 1: \"text\" where \"}}\" was expected"),
    ("{{ text. }}", "line 1: \"}}\" where a name was expected"),
    ("{{ 99999999999999999999 }}", "line 1: the number 99999999999999999999 is too large"),
    ("{{ 9223372036854775807 + 1 }}", "line 1: whole numbers beyond 64 bits are not supported"),
    ("{{ text.upper(1) }}", "line 1: the method \"upper\" takes 0 arguments at most, not 1"),
    ("{% macro m(a) %}{% endmacro %}{{ m(b=1) }}", "line 1: the macro m has no parameter \"b\""),
  ]

  @Test(arguments: mistakes)
  func errorsNameTheLineAndTheCause(source: String, expected: String) {
    #expect(message(source) == expected.replacing("\\t", with: source.contains("\\t") ? "\t" : "\\t"))
  }

  static let nested = String(repeating: "(", count: 100_000)
  static let hostile: [(String, String)] = [
    ("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "takes more than"),
    ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "recurses deeper than 400"),
    ("{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}", "recurses deeper than 400"),
    (
      "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
      "bytes of text"
    ),
    (
      "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
      "takes more than"
    ),
    (
      "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x] %}{% endfor %}",
      "nested deeper than 64"
    ),
    ("{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}", "printing a namespace"),
    ("{{ 'x' * 999999999999 }}", "bytes of text"),
    ("{{ 'x' * 9223372036854775807 * 9223372036854775807 }}", "bytes of text"),
    ("{{ 2 ** 9223372036854775807 }}", "beyond 64 bits"),
    ("{{ (0 - 9223372036854775807 - 1) // (0 - 1) }}", "beyond 64 bits"),
    ("{{ (0 - 9223372036854775807 - 1) | abs }}", "beyond 64 bits"),
    ("{{ 'ab'[::-9223372036854775807] }}{{ 'ab'[9223372036854775807:] }}{{ none.x.y }}", "is undefined"),
    ("{{ range(0, 9223372036854775807, 1) }}", "range is longer"),
    ("{{ range(-9223372036854775807, 9223372036854775807) }}", "range is longer"),
    ("{{ \(nested) 1 \(String(repeating: ")", count: 100_000)) }}", "nested deeper"),
    ("{{ \(String(repeating: "not ", count: 100_000)) x }}", "nested deeper"),
    ("{{ \(String(repeating: "- ", count: 100_000)) x }}", "nested deeper"),
    ("{{ x\(String(repeating: " + x", count: 100_000)) }}", "nested deeper"),
    ("{{ x\(String(repeating: ".a", count: 100_000)) }}", "nested deeper"),
    ("{{ x\(String(repeating: "|trim", count: 100_000)) }}", "nested deeper"),
    ("{{ x\(String(repeating: " if y else x", count: 80_000)) }}", "nested deeper"),
    ("{{ x\(String(repeating: " is a()", count: 80_000)) }}", "nested deeper"),
    (String(repeating: "{% if x %}", count: 90_000), "nested deeper"),
    ("{{ \(String(repeating: "[", count: 100_000)) \(String(repeating: "]", count: 100_000)) }}", "nested deeper"),
    (String(repeating: " ", count: 1_048_577), "more than 1048576 bytes"),
  ]

  @Test(arguments: hostile.indices)
  func whatCostsTooMuchEndsInAnError(index: Int) {
    let (source, expected) = Self.hostile[index]
    let clock = ContinuousClock()
    let time = clock.measure {
      let message = message(source)
      #expect(message.contains(expected), "\(source.prefix(80)): \(message.prefix(200))")
    }
    #expect(time < .seconds(20), "\(source.prefix(80)): \(time)")
  }

  @Test func limitsAreThoseThatWereSet() {
    var limits = JinjaLimits()
    limits.steps = 100
    #expect(
      message("{% for i in range(100) %}{{ i }}{% endfor %}", limits)
        == "line 1: the template takes more than 100 steps")
    limits = JinjaLimits()
    limits.bytes = 10
    #expect(message("\n{{ text * 3 }}", limits) == "line 2: the template makes more than 10 bytes of text")
    limits.source = 3
    #expect(message("abcd", limits) == "line 1: the template has more than 3 bytes")
  }

  /// Templates with pieces taken out, doubled and put elsewhere: most are none, a few do something else than was meant,
  /// and all of them end.
  @Test func damagedTemplatesEnd() throws {
    let cases = RenderingTests.cases.compactMap { test in
      test["template"]?.string.map { (Array($0.unicodeScalars), test["variables"]?.object ?? JSONObject()) }
    }
    var random = SeededGenerator(seed: 8)
    var limits = JinjaLimits()
    limits.steps = 20_000
    limits.bytes = 1 << 18
    var rendered = 0
    for _ in 0..<20_000 {
      var (scalars, variables) = cases[Int.random(in: 0..<cases.count, using: &random)]
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let donor = cases[Int.random(in: 0..<cases.count, using: &random)].0
        let start = Int.random(in: 0..<donor.count, using: &random)
        let piece = donor[start..<min(donor.count, start + Int.random(in: 1...12, using: &random))]
        let place = Int.random(in: 0...scalars.count, using: &random)
        let end = min(scalars.count, place + Int.random(in: 0...8, using: &random))
        if Bool.random(using: &random) {
          scalars.replaceSubrange(place..<end, with: piece)
        } else {
          scalars.removeSubrange(place..<end)
        }
      }
      var source = String.UnicodeScalarView()
      source.append(contentsOf: scalars)
      do {
        _ = try JinjaTemplate(String(source), limits: limits).render(variables)
        rendered += 1
      } catch is JinjaError {
      }
    }
    #expect(rendered > 1000 && rendered < 19_000)
  }
}
