// SPDX-License-Identifier: MIT
// Unicode normalisation form C (UAX #15) with the tables of the library whose token ids must be reproduced: a newer
// Unicode version would compose scalars that it leaves alone.

enum Normalization {
  /// UTF-8 in, UTF-8 in form C out. Text that cannot change (nearly all of it) is returned as it is.
  static func nfc(_ text: [UInt8]) -> [UInt8] {
    guard mayChange(text) else { return text }
    return text.withUnsafeBufferPointer { bytes in
      var scalars: [UInt32] = []
      scalars.reserveCapacity(bytes.count)
      var i = 0
      while i < bytes.count {
        let (value, length) = bytes.scalar(at: i)
        appendDecomposed(value, to: &scalars)
        i += length
      }
      reorder(&scalars)
      compose(&scalars)
      var out: [UInt8] = []
      out.reserveCapacity(bytes.count)
      for scalar in scalars { appendUTF8(scalar, to: &out) }
      return out
    }
  }

  private static func mayChange(_ text: [UInt8]) -> Bool {
    // Scalars below U+0300 (lead bytes below 0xCC) neither combine nor lack their composed form.
    guard text.contains(where: { $0 >= 0xCC }) else { return false }
    return text.withUnsafeBufferPointer { bytes in
      ScalarClass.table.withUnsafeBufferPointer { classes in
        var i = 0
        while i < bytes.count {
          let (value, length) = bytes.scalar(at: i)
          if value >= 0x300, classes[Int(value)].contains(.unstable) { return true }
          i += length
        }
        return false
      }
    }
  }

  // MARK: Tables

  private static let steps: [UInt32: (UInt32, UInt32)] = {
    var steps: [UInt32: (UInt32, UInt32)] = [:]
    for table in [UnicodeTables.composites, UnicodeTables.oneWayDecompositions] {
      for i in stride(from: 0, to: table.count, by: 3) { steps[table[i]] = (table[i + 1], table[i + 2]) }
    }
    return steps
  }()

  private static let composites: [UInt64: UInt32] = {
    let table = UnicodeTables.composites
    var composites: [UInt64: UInt32] = [:]
    for i in stride(from: 0, to: table.count, by: 3) {
      composites[UInt64(table[i + 1]) << 32 | UInt64(table[i + 2])] = table[i]
    }
    return composites
  }()

  private static let combiningClasses: [UInt32: UInt8] = {
    let table = UnicodeTables.combiningClasses
    var classes: [UInt32: UInt8] = [:]
    for i in stride(from: 0, to: table.count, by: 3) {
      for scalar in table[i]...table[i + 1] { classes[scalar] = UInt8(table[i + 2]) }
    }
    return classes
  }()

  /// Ranges (first, last, first, last, …) of the scalars that a text must hold to be changed by `nfc`.
  static var unstableRanges: [UInt32] {
    var ranges: [UInt32] = [Hangul.vowels, Hangul.vowels + 20, Hangul.trails + 1, Hangul.trails + 27]
    let classes = UnicodeTables.combiningClasses
    for i in stride(from: 0, to: classes.count, by: 3) { ranges += [classes[i], classes[i + 1]] }
    let oneWay = UnicodeTables.oneWayDecompositions
    for i in stride(from: 0, to: oneWay.count, by: 3) { ranges += [oneWay[i], oneWay[i]] }
    let composites = UnicodeTables.composites
    for i in stride(from: 0, to: composites.count, by: 3) { ranges += [composites[i + 2], composites[i + 2]] }
    return ranges
  }

  private enum Hangul {
    static let syllables: UInt32 = 0xAC00, leads: UInt32 = 0x1100, vowels: UInt32 = 0x1161, trails: UInt32 = 0x11A7
    static let vowelCount: UInt32 = 21, trailCount: UInt32 = 28, leadCount: UInt32 = 19, syllableCount: UInt32 = 11172
  }

  // MARK: The three steps

  private static func appendDecomposed(_ scalar: UInt32, to out: inout [UInt32]) {
    if scalar >= Hangul.syllables, scalar < Hangul.syllables + Hangul.syllableCount {
      let index = scalar - Hangul.syllables
      out.append(Hangul.leads + index / (Hangul.vowelCount * Hangul.trailCount))
      out.append(Hangul.vowels + index / Hangul.trailCount % Hangul.vowelCount)
      if index % Hangul.trailCount != 0 { out.append(Hangul.trails + index % Hangul.trailCount) }
    } else if scalar >= 0xC0, let (first, second) = steps[scalar] {
      appendDecomposed(first, to: &out)
      if second != 0 { appendDecomposed(second, to: &out) }
    } else {
      out.append(scalar)
    }
  }

  private static func combiningClass(_ scalar: UInt32) -> UInt8 { scalar < 0x300 ? 0 : combiningClasses[scalar] ?? 0 }

  /// Sorts each run of combining marks by class, equal classes kept in order.
  private static func reorder(_ scalars: inout [UInt32]) {
    var start = 0
    while start < scalars.count {
      guard combiningClass(scalars[start]) != 0 else {
        start += 1
        continue
      }
      var end = start + 1
      while end < scalars.count, combiningClass(scalars[end]) != 0 { end += 1 }
      if end - start > 1 {
        let run = scalars[start..<end].enumerated().sorted { a, b in
          let (ca, cb) = (combiningClass(a.element), combiningClass(b.element))
          return ca != cb ? ca < cb : a.offset < b.offset
        }
        scalars.replaceSubrange(start..<end, with: run.map(\.element))
      }
      start = end
    }
  }

  private static func compose(_ scalars: inout [UInt32]) {
    var starter: Int?  // where the last scalar of class 0 went
    var lastClass: UInt8 = 0  // class of the last scalar kept after it
    var write = 0
    for scalar in scalars {
      let itsClass = combiningClass(scalar)
      if let s = starter, write == s + 1 || lastClass < itsClass, let composite = composite(scalars[s], scalar) {
        scalars[s] = composite
        continue
      }
      if itsClass == 0 { starter = write }
      lastClass = itsClass
      scalars[write] = scalar
      write += 1
    }
    scalars.removeSubrange(write...)
  }

  private static func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if first >= Hangul.leads, first < Hangul.leads + Hangul.leadCount,
      second >= Hangul.vowels, second < Hangul.vowels + Hangul.vowelCount
    {
      let index = (first - Hangul.leads) * Hangul.vowelCount + (second - Hangul.vowels)
      return Hangul.syllables + index * Hangul.trailCount
    }
    if first >= Hangul.syllables, first < Hangul.syllables + Hangul.syllableCount,
      (first - Hangul.syllables) % Hangul.trailCount == 0,
      second > Hangul.trails, second < Hangul.trails + Hangul.trailCount
    {
      return first + (second - Hangul.trails)
    }
    return composites[UInt64(first) << 32 | UInt64(second)]
  }

  private static func appendUTF8(_ scalar: UInt32, to out: inout [UInt8]) {
    switch scalar {
    case ..<0x80: out.append(UInt8(scalar))
    case ..<0x800: out += [UInt8(0xC0 | scalar >> 6), UInt8(0x80 | scalar & 0x3F)]
    case ..<0x10000:
      out += [UInt8(0xE0 | scalar >> 12), UInt8(0x80 | scalar >> 6 & 0x3F), UInt8(0x80 | scalar & 0x3F)]
    default:
      out += [
        UInt8(0xF0 | scalar >> 18), UInt8(0x80 | scalar >> 12 & 0x3F), UInt8(0x80 | scalar >> 6 & 0x3F),
        UInt8(0x80 | scalar & 0x3F),
      ]
    }
  }
}
