// SPDX-License-Identifier: MIT
// Templates become the text that Jinja2 made of them (Tests/Fixtures/jinja/cases.json, recorded in transformers'
// environment), and what ended in an error there ends in one here.
import Jinja
import StrictJSON
import TestSupport
import Testing

struct RenderingTests {
  static let cases = try! JSONValue.parse(readFile(fixture("jinja/cases.json"))).array ?? []

  @Test func textsAreThoseOfJinja2() throws {
    #expect(Self.cases.count > 100)
    forEvery("case", Self.cases.indices) { index in
      let test = Self.cases[index]
      let source = try #require(test["template"]?.string)
      let variables = try #require(test["variables"]?.object)
      let text = Result { try JinjaTemplate(source).render(variables) }
      if let expected = test["text"]?.string {
        // Not ==, which takes a composed letter for a decomposed one.
        #expect(try text.get().utf8.elementsEqual(expected.utf8), "\(source)\n\(text)\nexpected \(expected)")
      } else {
        #expect(throws: JinjaError.self, "\(source)") { try text.get() }
      }
    }
  }

  @Test func aTemplateThatIsReadOnceRendersMoreThanOnce() throws {
    let template = try JinjaTemplate("{% set ns = namespace(n=n) %}{% set ns.n = ns.n + 1 %}{{ ns.n }}")
    #expect(try template.render(["n": 1]) == "2")
    #expect(try template.render(["n": 1]) == "2")
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self.init()
    for (key, value) in elements { self[key] = value }
  }
}
