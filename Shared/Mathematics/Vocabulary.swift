// SPDX-License-Identifier: MIT
// The names that LaTeX and Unicode give to tokens.

public enum Vocabulary {
  /// What a LaTeX command does in an expression, as far as running text around it must know.
  public enum CommandRole { case relation, sign, operand }

  public static func role(ofCommand name: String) -> CommandRole {
    switch commands[name] {
    case .relation?: .relation
    case .sign?, .set?, .open?, .bar?: .sign
    default: .operand
    }
  }

  /// ½ and its like.
  public static func isFraction(_ scalar: Unicode.Scalar) -> Bool { fractions[scalar] != nil }

  static let greek: Set<String> = [
    "alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "zeta", "eta", "theta", "vartheta", "iota", "kappa",
    "lambda", "mu", "nu", "xi", "rho", "varrho", "sigma", "tau", "upsilon", "phi", "varphi", "chi", "psi", "omega",
    "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega", "ell", "hbar",
  ]

  /// Commands that change the looks only. (Spaces are known apart: `\,` may part the thousands of a number.)
  static let layout: Set<String> = [
    "left", "right", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "Biggl", "Biggr",
    "bigm", "middle", "displaystyle", "textstyle", "scriptstyle", "limits", "nolimits", "mathstrut", "strut", "quad",
    "qquad", "thinspace", "enspace", "medspace", "hfill", "noindent", "rm", "bf", "it", "mathop", "mathrel",
    "phantom", "nonumber", "hline", "centering", "Large", "large", "small", "boldmath",
  ]

  /// Commands whose argument is read as if they were not there.
  static let decorations: Set<String> = [
    "overline", "bar", "vec", "hat", "widehat", "tilde", "widetilde", "overrightarrow", "overleftarrow", "dot", "ddot",
    "underline", "boldsymbol", "pmb", "bm", "boxed", "fbox", "mathbf", "mathit", "mathsf", "mathcal", "mathscr",
    "mathfrak", "ensuremath", "hbox", "cancel", "color", "textcolor", "smash", "overarc", "wideparen",
  ]

  /// Commands whose argument is running text.
  static let text: Set<String> = [
    "text", "textbf", "textit", "textrm", "textnormal", "textsf", "texttt", "textup", "mbox", "emph", "textsc",
  ]

  static let commands: [String: Token] = [
    "pi": .pi, "infty": .infinity, "imath": .i, "exponentialE": .e,
    "frac": .fraction, "dfrac": .fraction, "tfrac": .fraction, "cfrac": .fraction, "sqrt": .root, "surd": .root,
    "sum": .operation(.sum), "prod": .operation(.product), "int": .operation(.integral),
    "binom": .binomial, "dbinom": .binomial, "tbinom": .binomial,
    "cdot": .sign(UInt8(ascii: "*")), "times": .sign(UInt8(ascii: "*")), "ast": .sign(UInt8(ascii: "*")),
    "div": .sign(UInt8(ascii: "/")), "pm": .sign(UInt8(ascii: "p")), "mp": .sign(UInt8(ascii: "m")),
    "degree": .sign(UInt8(ascii: "d")), "colon": .sign(UInt8(ascii: ":")), "prime": .sign(UInt8(ascii: "'")),
    "le": .relation(.lessOrEqual), "leq": .relation(.lessOrEqual), "leqslant": .relation(.lessOrEqual),
    "ge": .relation(.greaterOrEqual), "geq": .relation(.greaterOrEqual), "geqslant": .relation(.greaterOrEqual),
    "lt": .relation(.less), "gt": .relation(.greater), "ne": .relation(.notEqual), "neq": .relation(.notEqual),
    "approx": .relation(.approximately), "simeq": .relation(.approximately), "sim": .relation(.approximately),
    "doteq": .relation(.approximately), "equiv": .relation(.equal), "in": .relation(.element),
    "cup": .set(.union), "cap": .set(.intersection), "setminus": .set(.difference),
    "backslash": .set(.difference), "smallsetminus": .set(.difference), "emptyset": .emptySet,
    "varnothing": .emptySet, "lvert": .bar, "rvert": .bar, "vert": .bar, "mid": .bar,
    "langle": .open(UInt8(ascii: "<")),
    "rangle": .close(UInt8(ascii: ">")), "lbrace": .open(UInt8(ascii: "s")), "rbrace": .close(UInt8(ascii: "s")),
    "lbrack": .open(UInt8(ascii: "[")), "rbrack": .close(UInt8(ascii: "]")), "lfloor": .open(UInt8(ascii: "f")),
    "rfloor": .close(UInt8(ascii: "f")), "lceil": .open(UInt8(ascii: "c")), "rceil": .close(UInt8(ascii: "c")),
    "land": .and, "wedge": .and, "lor": .or, "vee": .or, "euro": .currency("euro"), "pounds": .currency("pound"),
  ]

  static let unicode: [Unicode.Scalar: [Token]] = [
    "×": [.sign(UInt8(ascii: "*"))], "·": [.sign(UInt8(ascii: "*"))], "⋅": [.sign(UInt8(ascii: "*"))],
    "∗": [.sign(UInt8(ascii: "*"))], "÷": [.sign(UInt8(ascii: "/"))], "∕": [.sign(UInt8(ascii: "/"))],
    "−": [.sign(UInt8(ascii: "-"))], "–": [.sign(UInt8(ascii: "-"))], "±": [.sign(UInt8(ascii: "p"))],
    "∓": [.sign(UInt8(ascii: "m"))], "°": [.sign(UInt8(ascii: "d"))], "′": [.sign(UInt8(ascii: "'"))],
    "≤": [.relation(.lessOrEqual)], "≥": [.relation(.greaterOrEqual)], "≠": [.relation(.notEqual)],
    "≈": [.relation(.approximately)], "≡": [.relation(.equal)], "∈": [.relation(.element)], "∪": [.set(.union)],
    "∩": [.set(.intersection)], "∖": [.set(.difference)], "∅": [.emptySet], "ℝ": [.reals], "∞": [.infinity],
    "π": [.pi], "√": [.root], "∛": [.rootOfDegree(3)], "∜": [.rootOfDegree(4)], "⟨": [.open(UInt8(ascii: "<"))],
    "⟩": [.close(UInt8(ascii: ">"))],
    "€": [.currency("euro")], "£": [.currency("pound")], "¥": [.currency("yen")], "₹": [.currency("rupee")],
    "¢": [.word("cents")], "％": [.sign(UInt8(ascii: "%"))], "∧": [.and], "∨": [.or],
    "∑": [.operation(.sum)], "∏": [.operation(.product)], "∫": [.operation(.integral)],
    "α": [.symbol("alpha")], "β": [.symbol("beta")], "γ": [.symbol("gamma")], "δ": [.symbol("delta")],
    "θ": [.symbol("theta")], "λ": [.symbol("lambda")], "μ": [.symbol("mu")], "σ": [.symbol("sigma")],
    "φ": [.symbol("phi")], "ω": [.symbol("omega")], "ε": [.symbol("epsilon")], "ρ": [.symbol("rho")],
  ]

  /// Raised digits: x² is x^{2}.
  static let raised: [Unicode.Scalar: UInt8] = [
    "⁰": 48, "¹": 49, "²": 50, "³": 51, "⁴": 52, "⁵": 53, "⁶": 54, "⁷": 55, "⁸": 56, "⁹": 57, "⁻": 45,
  ]

  /// ½ and its like, as numerator and denominator.
  static let fractions: [Unicode.Scalar: (Int, Int)] = [
    "½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅖": (2, 5), "⅗": (3, 5),
    "⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8), "⅞": (7, 8),
  ]

  /// What a whole text in words stands for.
  static let phrases: [String: Token] = [
    "all real numbers": .reals, "all reals": .reals, "the real numbers": .reals, "empty set": .emptySet,
    "the empty set": .emptySet, "infinity": .infinity, "positive infinity": .infinity,
  ]
}
