// SPDX-License-Identifier: MIT

/// A number or an expression, with what the text says about it.
struct Scalar {
  var sum: Sum
  /// Some number in it was written with a decimal point: compared with a tolerance.
  var isDecimal = false
  /// Of "28 %": 28, while `sum` is 0.28.
  var percentage: Sum?
  /// The unit's name where it is one that is compared.
  var unit: String?
  /// The unit is a letter that may be a variable: 5m.
  var mayBeName = false
}

/// What an answer says.
indirect enum Value {
  case scalar(Scalar)
  case infinity(isNegative: Bool)
  case text(String)
  /// Members without order: {1, 2} and "1 and 2".
  case set([Value])
  /// Members that follow each other bare: "1, 2". Like a set, and like a tuple where the other side is one.
  case list([Value])
  /// (1, 2), [0, 1): a tuple and, of two numbers, an interval; `isClosed` at either end.
  case tuple([Value], isClosed: (Bool, Bool))
  case region(Region)
  case matrix([[Scalar]])
  /// left = right; `isDefinition` where the left side is only a name.
  case equation(Value, Value, isDefinition: Bool)
  /// One relation or a chain of them that hold together; or several of which one holds.
  case inequalities([Inequality], isAny: Bool)
  case ratio([Value])
  /// exact ≈ rounded, with so many digits behind the point; nil where it is no plain number.
  case rounded(Value, to: Value, places: Int?)

  /// Words, and more than a letter.
  var isText: Bool {
    if case .text(let text) = self { return text.utf8.count > 1 }
    return false
  }
}

extension Value {
  /// Words beside numbers: "so, 5" and "total: 5" are sentences, not lists and ratios.
  var mixesWords: Bool {
    switch self {
    case .list(let values), .ratio(let values):
      let texts = values.count { if case .text = $0 { true } else { false } }
      return texts > 0 && texts < values.count
    default: return false
    }
  }
}

extension Value {
  var isRelation: Bool {
    switch self {
    case .equation, .inequalities: true
    default: false
    }
  }

  /// Of a bare list or a set.
  var members: [Value]? {
    switch self {
    case .list(let values), .set(let values): values
    default: nil
    }
  }

  /// x of "x = 5", where it is a name.
  fileprivate var definedAtom: Monomial? {
    if case .equation(.scalar(let name), _, isDefinition: true) = self { return name.sum.single?.monomial }
    return nil
  }
}

extension [Value] {
  /// Equations that define different names: "x = 1, y = 2".
  var namesApart: Bool {
    let names = compactMap(\.definedAtom)
    return count > 1 && names.count == count && Set(names).count == count
  }
}

struct Inequality {
  let left: Sum
  let relation: Relation
  let right: Sum
  let isDecimal: Bool
}
