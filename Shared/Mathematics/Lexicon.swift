// SPDX-License-Identifier: MIT
// The words that occur in expressions, or tell that a text is none.

public enum Lexicon {
  /// Words of sentences: a text with one of them is no bare expression.
  static let functionWords: Set<String> = [
    "is", "are", "was", "were", "be", "been", "can", "could", "may", "might", "must", "should", "will", "would", "has",
    "have", "had", "do", "does", "did", "in", "of", "on", "at", "for", "from", "with", "than", "more", "fewer", "less",
    "the", "this", "that", "these", "those", "which", "who", "there", "here", "it", "not", "never", "so", "then",
    "hence", "thus", "therefore", "because", "since", "if", "when", "where", "while", "but", "although", "though", "as",
    "about", "away", "old", "also", "both", "each", "gives", "yields", "implies",
  ]

  /// A sentence with one of these denies what it states.
  public static let refutations: Set<String> = [
    "contradiction", "contradictory", "contradicts", "impossible", "incorrect", "wrong", "false", "mistake", "invalid",
    "untrue", "mistaken", "erroneous", "unsure", "incorrectly", "wrongly", "mistakenly", "erroneously", "falsely",
  ]

  /// Behind a number: it is part of a calculation, or of a fraction.
  public static let operations: Set<String> = [
    "squared", "cubed", "factorial", "over", "times", "plus", "minus", "divided", "mod", "choose", "halves", "thirds",
    "fourths", "quarters", "fifths", "sixths", "sevenths", "eighths", "ninths", "tenths", "hundredths", "thousandths",
  ]

  /// Factors in words.
  public static let scales: [String: Int] = [
    "hundred": 100, "thousand": 1000, "million": 1_000_000, "billion": 1_000_000_000, "trillion": 1_000_000_000_000,
    "dozen": 12, "thousands": 1000, "millions": 1_000_000, "billions": 1_000_000_000, "trillions": 1_000_000_000_000,
    "mn": 1_000_000, "bn": 1_000_000_000,
  ]

  /// Factors right behind a number, unless a unit begins with them (千米, 千克, 百分).
  static let ideographicScales: [Unicode.Scalar: Int] = [
    "百": 100, "千": 1_000, "万": 10_000, "萬": 10_000, "亿": 100_000_000, "億": 100_000_000, "만": 10_000,
    "억": 100_000_000, "천": 1_000,
  ]
}
