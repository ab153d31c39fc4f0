// SPDX-License-Identifier: MIT
import Characters

/// A piece of an answer to a multiple-choice question: a word, a number, a mark.
struct OptionToken: Sendable {
  var meaning: OptionMeaning
  /// In `OptionText.bytes`.
  var range: Range<Int>
  /// Of a single letter: which one, in upper case; else 0.
  var letter: UInt8 = 0
  var isCapital = false
  /// White space or the beginning of the text stands before it.
  var isSpaced = true
  /// Part of what a choice says: words, numbers, signs; not punctuation.
  var isContent: Bool { meaning >= .symbol }
}

/// What a token does in the grammar of `OptionReader`. Punctuation first, then signs, then words.
enum OptionMeaning: UInt8, Comparable, Sendable {
  case newline, stop, question, colon, comma, dash, open, close, boxOpen, boxClose, slash
  /// "=", "+", "%" and the like.
  case symbol
  case arrow, number
  /// One letter, A to Z in either case.
  case letter
  /// A word that says nothing here.
  case other
  case answer, option, options
  /// What pictures have letters for: "point B".
  case noun
  case copula, modal
  /// "could", "might".
  case mayModal
  case pronoun, choose, think, therefore, but, correction
  /// "no": a correction where a clause begins with it, else a negation.
  case no
  case not, nor
  /// What follows is put aside: "eliminate", "rather than".
  case exclude
  case correct, incorrect
  /// "the only", "the tallest", "true": something like "correct", but less.
  case superlative
  case fails, because
  case maybe, likely
  /// Says nothing and changes nothing: "the", "clearly", "then".
  case filler
  case article
  case and, or, both, between, condition, everything
  case preposition, to, match, shows, there, seems, does

  static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
