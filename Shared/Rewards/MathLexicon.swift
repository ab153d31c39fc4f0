// SPDX-License-Identifier: MIT
// The words that tell what a number in a sentence is: the result, a bound, something denied, a name.

enum MathLexicon {
  /// Right before a number: it is what the sentence states.
  static let introductions: Set<String> = [
    "is", "are", "was", "were", "be", "been", "being", "equals", "equal", "becomes", "become", "gives", "give",
    "giving", "making", "totaling", "totalling",
    "get", "gets", "got", "getting", "yields", "yield", "yielding", "obtain", "obtains", "find", "finds", "has", "have",
    "reaches", "reach", "makes", "make", "totals", "measures", "counted", "count", "costs", "cost", "weighs", "takes",
    "shows", "contains", "it's", "that's", "there's", "as", "namely", "i.e", "ans", "answer", "result", "es", "est",
    "ist", "son", "è", "é",
  ]

  /// Between an introduction and its number.
  static let fillers: Set<String> = [
    "about", "approximately", "approx", "roughly", "around", "exactly", "only", "just", "simply", "precisely", "thus",
    "therefore", "hence", "also", "then", "now", "actually", "clearly", "equal", "the", "a", "an", "value", "indeed",
    "probably", "likely", "maybe", "perhaps", "all", "total", "of",
  ]

  /// Before a number, in its clause: it is denied.
  static let denials: Set<String> = [
    "not", "never", "cannot", "neither", "nor", "without", "except", "excluding", "instead", "unlike", "rather",
    "other",
    "nicht", "kein", "keine", "pas", "n'est", "non", "não", "niet", "disregard", "ignore", "rule", "ruled", "rules",
    "exclude", "eliminate", "eliminated", "reject",
  ]

  /// Right before a number: it is a bound, or one of several.
  static let bounds: Set<String> = [
    "least", "most", "than", "under", "over", "above", "below", "beyond", "between", "within", "exceed", "exceeds",
    "exceeding", "nearly", "almost", "either", "or", "upto", "minus", "negative", "until", "till", "through", "versus",
    "vs", "near", "every", "another", "exceeded", "surpass", "surpassed", "surpasses", "topped", "past", "times",
    "plus", "divided",
    "multiplied", "squared", "root", "square", "cube", "half",
    "twice", "thrice", "double", "triple", "quarter", "third", "reciprocal", "sine", "cosine", "tangent", "logarithm",
    "multiple", "multiples", "mod", "modulo", "base", "log", "power",
  ]

  /// Right before a number: it is only a place, a time or a part of what is counted.
  static let prepositions: Set<String> = [
    "in", "on", "at", "by", "for", "during", "since", "from", "of", "with", "per", "after", "before", "using", "when",
    "among", "into", "across", "against", "via", "side", "where",
  ]

  /// Right before a number: it is a name's.
  static let names: Set<String> = [
    "figure", "fig", "figs", "step", "steps", "equation", "equations", "eq", "eqs", "option", "options", "choice",
    "case", "table", "chapter", "section", "question", "problem", "part", "no", "version", "page", "pages", "example",
    "theorem", "lemma", "item", "exercise", "note", "method", "image", "graph", "diagram", "exhibit", "formula",
    "statement", "condition", "property", "room", "team", "line", "triangle", "circle", "angle", "face", "point",
    "segment", "group", "class", "type", "trial", "sample", "model", "phase", "stage", "test", "player", "route",
  ]

  /// At the beginning of a clause: what it says is supposed.
  static let hypotheses: Set<String> = [
    "if", "suppose", "supposing", "assume", "assuming", "let", "given", "consider", "when", "imagine", "say", "set",
    "denote", "unless",
  ]

  /// Behind these words a sentence gives its reasons.
  static let reasons: Set<String> = ["because", "since", "where", "given", "as", "whereas", "when", "if", "provided"]

  /// In the clause before a number: it is not claimed.
  static let doubts: Set<String> = [
    "unlikely", "nobody", "initially", "whether", "suppose", "supposing", "assume", "assumes", "assumed", "assuming",
    "pretend",
    "imagine", "if", "unless", "hoping", "hoped", "wished", "unsure", "unclear", "hypothetically", "supposedly",
    "allegedly", "unknown",
  ]

  /// Two words in a row that say the same.
  static let doubtfulPairs: [String: Set<String>] = [
    "no": ["longer", "one", "way", "es", "son", "hay"], "might": ["think", "believe", "guess"],
    "at": ["first"], "initial": ["guess", "thought"], "first": ["guess", "thought"],
    "may": ["think", "believe", "guess"], "would": ["think", "have"], "had": ["been"], "could": ["think"],
    "in": ["case"], "not": ["sure"],
  ]

  /// Right before a number: it was tried.
  static let trials: Set<String> = ["try", "trying", "tried", "tries"]

  /// Right before a number: it was expected.
  static let expectations: Set<String> = [
    "expected", "expect", "expecting", "wanted", "claimed", "guessed", "supposed",
  ]

  static let speech: Set<String> = [
    "say", "says", "said", "saying", "think", "thinks", "thought", "claim", "claims", "claimed", "state", "states",
    "stated", "believe", "believes", "told", "suggested", "suggests", "answered", "wrote",
  ]

  /// Whose words are not the answer.
  static let sources: Set<String> = [
    "you", "people", "question", "problem", "task", "exercise", "textbook", "book", "someone", "somebody", "everyone",
    "others", "students", "student", "teacher", "friend", "author", "many", "most", "some", "they",
  ]

  static let past: Set<String> = ["previous", "previously", "earlier", "former", "formerly", "prior"]

  /// Before a number: it follows from what was said.
  static let consequences: Set<String> = ["so", "thus", "hence", "therefore", "then", "altogether", "consequently"]

  /// Behind an answer: it is taken back, and what follows counts.
  static let corrections: [[UInt8]] = [
    "wait", "actually", "correction", "i made a mistake", "i made an error", "my mistake", "sorry", "oops", "no, ",
    "that is wrong", "that's wrong", "let me reconsider", "let me recheck", "let me recalculate",
    "scratch that", "on second thought", "hold on",
  ].map { Array($0.utf8) }

  /// Behind a number: it says how sure the answer is.
  static let assurances: Set<String> = ["sure", "certain", "confident", "confidence", "likely"]

  /// With a full stop that ends no sentence.
  static let abbreviations: Set<String> = [
    "sq", "cu", "approx", "ca", "fig", "no", "eq", "ans", "i.e", "e.g", "vs", "dr", "mr", "mrs", "st", "ft", "in", "cm",
    "mm", "km", "cf", "etc",
  ]

  // MARK: Languages without spaces

  static let introducingEnds = [
    "是", "为", "為", "于", "於", "得", "得到", "有", "选", "選", "は", "が", "约", "約", "共", "等于", "은", "는", "达到", "需要",
    "所以", "因此", "故", "即", "则", "可得",
  ]
  static let denyingEnds = ["不是", "不为", "不等于", "不等於", "并非", "而非", "≠", "不能是", "不会是"]
  static let boundingEnds = [
    "至少", "至多", "最多", "最少", "不超过", "大于", "小于", "超过", "不到", "少于", "多于", "或", "到", "以上", "以下", "至", "和", "与",
    "または", "から", "か", "第", "负", "除以", "乘以", "加", "减",
  ]
  /// Behind a number.
  static let denyingStarts = [
    "ではありません", "ではない", "じゃない", "不对", "不正确", "是错", "不是", "이 아니", "가 아니", "이 아닙", "가 아닙", "이 아닌",
    "가 아닌", "✗", "✘", "❌",
  ]
  static let boundingStarts = ["以上", "以下", "以内", "未満", "或", "到", "至", "から", "または", "か", "左右", "多"]
}
