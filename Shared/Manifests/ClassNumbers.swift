// SPDX-License-Identifier: MIT
// Numbers of classes: given by the manifest, or counted in the order in which their names appear.

struct ClassNumbers {
  private var numbers: [String: Int32] = [:]
  private var names: [Int32: String] = [:]
  /// Whether numbers are counted here; nil before the first class.
  private var counts: Bool?

  /// The label of an example, nil where it has neither `label` nor `class`. One name has one number throughout.
  mutating func label(in fields: Fields) throws -> Int32? {
    let label = try fields.label("label")
    guard let name = try fields.text("class") else { return label }
    if let known = numbers[name] {
      if let label, label != known {
        throw fields.error("\"label\" is \(label), but class \"\(name)\" had \(known) before")
      }
      return known
    }
    if let counts, counts != (label == nil) {
      throw fields.error(
        label == nil
          ? "has \"class\" without \"label\", but earlier examples have both"
          : "has \"class\" and \"label\", but earlier examples have \"class\" only")
    }
    counts = label == nil
    let number = label ?? Int32(numbers.count)
    if let other = names[number] {
      throw fields.error("\"label\" is \(number), which class \"\(other)\" had before; \"class\" is \"\(name)\"")
    }
    numbers[name] = number
    names[number] = name
    return number
  }
}
