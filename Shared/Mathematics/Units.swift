// SPDX-License-Identifier: MIT

/// Units of measurement by the ways they are written. A unit is left out of the comparison unless both sides name one
/// from this table: 5 cm is 5, and is not 5 m.
public enum Units {
  private static let spellings: [String: [String]] = [
    "mm": ["millimeter", "millimetre"], "cm": ["centimeter", "centimetre"], "dm": ["decimeter", "decimetre"],
    "m": ["meter", "metre"], "km": ["kilometer", "kilometre"], "in": ["inch", "inches"], "ft": ["foot", "feet"],
    "yd": ["yard"], "mi": ["mile"], "mg": ["milligram"], "g": ["gram", "gm"], "kg": ["kilogram", "kilo"],
    "t": ["ton", "tonne"], "lb": ["pound", "lbs"], "oz": ["ounce"], "ml": ["milliliter", "millilitre"],
    "l": ["liter", "litre"], "gal": ["gallon"], "s": ["second", "sec", "secs"], "min": ["minute", "mins"],
    "h": ["hour", "hr", "hrs"], "day": ["days"], "week": ["weeks"], "month": ["months"], "year": ["yr", "yrs"],
    "hz": ["hertz"], "n": ["newton"], "j": ["joule"], "kj": ["kilojoule"], "cal": ["calorie"], "w": ["watt"],
    "kw": ["kilowatt"], "v": ["volt"], "a": ["ampere", "amp"], "k": ["kelvin"], "pa": ["pascal"], "ohm": ["ohms"],
    "mol": ["mole"], "rad": ["radian"], "degree": ["degrees", "deg"], "mph": [], "kmh": ["kph"],
    "dollar": ["usd", "dollars", "bucks"], "cent": ["cents"], "euro": ["eur", "euros"], "yen": [], "rupee": ["rs"],
    "square": ["sq"], "cubic": ["cu"], "unit": ["units"],
  ]

  private static let names: [String: String] = {
    var names: [String: String] = [:]
    for (unit, others) in spellings {
      for spelling in [unit] + others {
        names[spelling] = unit
        if spelling.count > 3 { names[spelling + "s"] = unit }
      }
    }
    return names
  }()

  /// What 万 and its like at the beginning of a text multiply by, and their bytes. 千米 and 百分 are no factors.
  public static func scale(of text: String) -> (factor: Int, length: Int) {
    var (factor, length) = (1, 0)
    let scalars = Array(text.unicodeScalars)
    for (index, scalar) in scalars.enumerated() {
      guard let next = Lexicon.ideographicScales[scalar], factor < 1 << 30 else { break }
      if index + 1 < scalars.count, "米克瓦卡分伏赫".unicodeScalars.contains(scalars[index + 1]) { break }
      (factor, length) = (factor * next, length + UTF8.width(scalar))
    }
    return (factor, length)
  }

  /// The unit's one name; nil for a word that is none.
  public static func name(_ word: String) -> String? { names[word.lowercased()] }

  /// A word that is read as a unit wherever it follows a number: two letters and more, so that 5m stays 5·m.
  static func isUnmistakable(_ word: String) -> Bool { word.utf8.count >= 2 && name(word) != nil && word != "pa" }

  /// Letters that may be units right behind a number: 5m, 10N. Those that are variables more often (5x, 5n, 5k) are not
  /// among them.
  static func isGluedLetter(_ letter: String, isLaTeX: Bool) -> Bool {
    ["m", "s", "g", "L", "N", "V", "W", "J"].contains(letter) || (!isLaTeX && ["h", "A"].contains(letter))
  }

  /// Letters that are units after a number and a space in plain text: "5 m".
  static func isLetter(_ symbol: String) -> Bool { symbol.utf8.count == 1 && name(symbol) != nil }
}

/// A unit as an answer gives it; without a name, one that is not compared.
struct Unit {
  let name: String?
  /// What a word like "million" multiplies by.
  var scale = 1
}
