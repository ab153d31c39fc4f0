// SPDX-License-Identifier: MIT

/// A number or an expression, with what the text says about it.
struct MathScalar {
  var sum: MathSum
  /// Some number in it was written with a decimal point: compared with a tolerance.
  var isDecimal = false
  /// Of "28 %": 28, while `sum` is 0.28.
  var percentage: MathSum?
  /// The unit's name where it is one that is compared.
  var unit: String?
}

/// What an answer says.
indirect enum MathValue {
  case scalar(MathScalar)
  case infinity(isNegative: Bool)
  case text(String)
  /// Members without order: {1, 2} and "1 and 2".
  case set([MathValue])
  /// Members that follow each other bare: "1, 2". Like a set, and like a tuple where the other side is one.
  case list([MathValue])
  /// (1, 2), [0, 1): a tuple and, of two numbers, an interval; `isClosed` at either end.
  case tuple([MathValue], isClosed: (Bool, Bool))
  case region(MathRegion)
  case matrix([[MathScalar]])
  /// left = right; `isDefinition` where the left side is only a name.
  case equation(MathValue, MathValue, isDefinition: Bool)
  /// One relation or a chain of them that hold together; or several of which one holds.
  case inequalities([MathInequality], isAny: Bool)
  case ratio([MathValue])

  /// Words, and more than a letter.
  var isText: Bool {
    if case .text(let text) = self { return text.utf8.count > 1 }
    return false
  }
}

struct MathInequality {
  let left: MathSum
  let relation: MathRelation
  let right: MathSum
  let isDecimal: Bool
}
