// SPDX-License-Identifier: MIT
// Seeded parts of a set of examples, class by class.
import Failures
import Randomness

/// Streams of the seed, so that one use of it does not shift another.
enum RandomStream: UInt64 {
  case split = 1
  case perClass, heldOut
}

/// Positions of examples in two parts, each in ascending order.
struct Split {
  var first: [Int]
  var second: [Int]

  /// Puts `fraction` of each class into the second part, rounded, at least one and not all of it. A class with one example
  /// stays in the first.
  init(_ positions: [[Int]], fraction: Double, seed: UInt64, stream: RandomStream) {
    (first, second) = ([], [])
    var random = SplitMix64(seed: seed, stream: stream.rawValue)
    for var own in positions {
      random.shuffle(&own)
      let count = own.count < 2 ? 0 : min(own.count - 1, max(1, Int((fraction * Double(own.count)).rounded())))
      second += own[..<count]
      first += own[count...]
    }
    first.sort()
    second.sort()
  }
}

extension ProbeExamples {
  /// Train and test parts: `fraction` of each class is the test part.
  ///
  /// - Throws: 65 where a class has fewer than two examples.
  public func split(fraction: Double, seed: UInt64) throws -> (train: ProbeExamples, test: ProbeExamples) {
    let list = ClassList(classes)
    let positions = ClassList.positions(try list.targets(self), classCount: list.count)
    if let single = positions.firstIndex(where: { $0.count < 2 }) {
      throw PlainFailure.badData(
        "\(source): class \"\(list.names[single])\" has 1 example (\(count) examples of \(list.count) classes); "
          + "--split needs at least 2 of each, one to train on and one to test")
    }
    let split = Split(positions, fraction: fraction, seed: seed, stream: .split)
    return (rows(split.first), rows(split.second))
  }

  /// `count` examples of each class, drawn without replacement.
  ///
  /// - Throws: 65 where a class has fewer.
  public func few(perClass count: Int, seed: UInt64) throws -> ProbeExamples {
    let list = ClassList(classes)
    let positions = ClassList.positions(try list.targets(self), classCount: list.count)
    var random = SplitMix64(seed: seed, stream: RandomStream.perClass.rawValue)
    var chosen: [Int] = []
    for (name, var own) in zip(list.names, positions) {
      guard own.count >= count else {
        let smallest = positions.map(\.count).min() ?? 0
        throw PlainFailure.badData(
          "\(source): class \"\(name)\" has \(own.count) examples, --per-class asks for \(count); "
            + "the smallest class allows --per-class \(smallest)")
      }
      random.shuffle(&own)
      chosen += own[..<count]
    }
    return rows(chosen.sorted())
  }

  /// The examples in the order of `ids`, found by id.
  ///
  /// - Throws: 65 where an id is missing, occurs twice or is one too many, or where a class differs.
  public func ordered(as other: ProbeExamples) throws -> ProbeExamples {
    let own = try positionsByID()
    _ = try other.positionsByID()
    let positions = try zip(other.ids, other.classes).map { id, name in
      guard let position = own[id] else {
        throw PlainFailure.badData(
          "\(source): there is no id \(id), which \(other.source) has; a comparison needs the same images")
      }
      guard classes[position] == name else {
        throw PlainFailure.badData(
          "\(source): id \(id) has class \"\(classes[position])\", in \(other.source) it has \"\(name)\"")
      }
      return position
    }
    if count > other.count {
      let known = Set(other.ids)
      let extra = ids.first { !known.contains($0) } ?? ""
      throw PlainFailure.badData(
        "\(source): has id \(extra), which \(other.source) does not; a comparison needs the same images")
    }
    return rows(positions)
  }

  private func positionsByID() throws -> [String: Int] {
    var result: [String: Int] = [:]
    for (position, id) in ids.enumerated() {
      guard result.updateValue(position, forKey: id) == nil else {
        throw PlainFailure.badData("\(source): id \(id) occurs twice; a comparison matches images by their ids")
      }
    }
    return result
  }
}
