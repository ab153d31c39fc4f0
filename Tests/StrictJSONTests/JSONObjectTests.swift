// SPDX-License-Identifier: MIT
import StrictJSON
import TestSupport
import Testing

@Suite struct JSONObjectTests {
  @Test func membersKeepTheirOrder() throws {
    let value = try JSONValue.parse(#"{"z":1,"a":2,"m":3}"#)
    #expect(value.object?.keys == ["z", "a", "m"])
    #expect(value.text() == #"{"z":1,"a":2,"m":3}"#)
  }

  @Test func keysAreComparedByTheirBytes() throws {
    let composed = "\u{E9}"
    let decomposed = "e\u{301}"
    var object = JSONObject()
    object[composed] = 1
    object[decomposed] = 2
    #expect(object.count == 2)
    #expect(object[composed] == 1)
    for index in 0..<20 { object["k\(index)"] = .int(index) }
    #expect(object[decomposed] == 2)
    #expect(object[composed] == 1)
  }

  @Test func membersAreSetReplacedAndRemoved() {
    forEvery("members", [3, 8, 9, 40]) { count in
      var object = JSONObject()
      for index in 0..<count { object["k\(index)"] = .int(index) }
      object["k1"] = "replaced"
      object["k0"] = nil
      object["absent"] = nil
      #expect(object.count == count - 1)
      #expect(object["k0"] == nil)
      #expect(object["k1"] == "replaced")
      #expect(object.keys.first == "k1")
      #expect(object["k\(count - 1)"] == .int(count - 1))
      object["k0"] = 5
      #expect(object.keys.last == "k0")
      #expect(object["k0"] == 5)
    }
  }

  @Test func equalityIgnoresOrder() {
    #expect(["a": 1, "b": 2] as JSONValue == ["b": 2, "a": 1])
    #expect(["a": 1, "b": 2] as JSONValue != ["a": 1])
    #expect(["a": 1] as JSONValue != ["a": 1.5])
  }

  @Test func accessorsConvertOnlyWhatIsTheSame() {
    let value: JSONValue = ["i": 2, "d": 2.5, "s": "x", "b": true, "n": .null, "a": [1]]
    #expect(value["i"]?.int == 2)
    #expect(value["i"]?.double == 2)
    #expect(value["d"]?.int == nil)
    #expect(value["b"]?.bool == true)
    #expect(value["b"]?.int == nil)
    #expect(value["s"]?.string == "x")
    #expect(value["n"]?.isNull == true)
    #expect(value["a"]?.array == [1])
    #expect(value["absent"] == nil)
    #expect((1 as JSONValue)["key"] == nil)
  }

  @Test func textIsWrittenOnOneLineOrPretty() throws {
    let value = try JSONValue.parse(#"{"a":[1,2.5,{"b":[]}],"c":"x\u0001\"\\\/é\u2028","d":{}}"#)
    #expect(value.text() == "{\"a\":[1,2.5,{\"b\":[]}],\"c\":\"x\\u0001\\\"\\\\/é\u{2028}\",\"d\":{}}")
    #expect(
      value.text(pretty: true) == """
        {
          "a": [
            1,
            2.5,
            {
              "b": []
            }
          ],
          "c": "x\\u0001\\"\\\\/é\u{2028}",
          "d": {}
        }
        """)
    #expect(try JSONValue.parse(value.text(pretty: true)) == value)
    #expect(JSONValue.array([.double(.nan), .double(1e30), .double(-.infinity)]).text() == "[null,1e+30,null]")
  }
}
