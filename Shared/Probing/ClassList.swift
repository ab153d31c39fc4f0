// SPDX-License-Identifier: MIT
// Classes by name and by number.
import Failures

/// The classes of the training data: numbers in order where all names are numbers, else names in the order of their bytes.
public struct ClassList: Sendable {
  public let names: [String]
  private let numbers: [String: Int]

  public init(_ classes: [String]) {
    let distinct = Set(classes)
    let values = distinct.compactMap { name in Int(name).flatMap { String($0) == name ? $0 : nil } }
    names =
      values.count == distinct.count
      ? values.sorted().map(String.init) : distinct.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
  }

  public var count: Int { names.count }

  /// The numbers of the examples' classes.
  ///
  /// - Throws: 65 for a class that is not in the list, naming the example.
  public func targets(_ examples: ProbeExamples) throws -> [Int32] {
    try zip(examples.ids, examples.classes).map { id, name in
      guard let number = numbers[name] else {
        throw PlainFailure.badData(
          "\(examples.source): id \(id): class \"\(name)\" has no example in the training data, which has \(count) classes"
        )
      }
      return Int32(number)
    }
  }

  /// The positions of each class's examples.
  static func positions(_ targets: [Int32], classCount: Int) -> [[Int]] {
    var result = [[Int]](repeating: [], count: classCount)
    for (position, target) in targets.enumerated() { result[Int(target)].append(position) }
    return result
  }
}
