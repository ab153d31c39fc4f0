// SPDX-License-Identifier: MIT
import Rewards
import Testing

@Suite struct MathOptionsTests {
  private func verdict(_ reference: String, _ answer: String, _ options: MathOptions) throws -> Verdict {
    try Rule.math.scorer(for: Reference(reference), Rule.Options(math: options))(answer).verdict
  }

  @Test func decimalsAreRoundedToThePrecision() throws {
    for (reference, answer, right, wrong) in [
      ("1/3", "0.33", 0...2, 3...12), ("\\pi", "3.1416", 0...4, 5...12), ("3.14", "\\pi", 0...2, 3...12),
      ("2.5", "2.49", 0...1, 2...12), ("-1.26", "-1.3", 0...1, 2...12),
    ] {
      for decimals in right { #expect(try verdict(reference, answer, MathOptions(decimals: decimals)) == .right) }
      for decimals in wrong { #expect(try verdict(reference, answer, MathOptions(decimals: decimals)) == .wrong) }
    }
    // The small numbers that the default tells apart are zero to six digits.
    #expect(try verdict("0.0000001", "0.0000002", MathOptions()) == .wrong)
    #expect(try verdict("0.0000001", "0.0000002", MathOptions(decimals: 6)) == .right)
    // Without a decimal point nothing is rounded.
    #expect(try verdict("1/3", "1/4", MathOptions(decimals: 0)) == .wrong)
    #expect(try verdict("100", "101", MathOptions(decimals: 0)) == .wrong)
  }

  @Test(arguments: [
    ("5", "x=5"), ("x=5", "5"), ("5 cm", "5"), ("5", "5 cm"), ("50\\%", "50"), ("0.5", "50%"), ("(1,2)", "1,2"),
    ("90^\\circ", "\\frac{\\pi}{2}"), ("90^\\circ", "90"), ("(1,2)", "x=1, y=2"), ("x=1,y=2", "1,2"),
  ])
  func strictnessTellsApart(reference: String, answer: String) throws {
    #expect(try verdict(reference, answer, MathOptions()) == .right)
    #expect(try verdict(reference, answer, MathOptions(isStrict: true)) == .wrong)
  }

  @Test(arguments: [
    ("x=5", "x = 5.0"), ("5 cm", "5\\text{ cm}"), ("50\\%", "50 percent"), ("(1,2)", "(1, 2)"),
    ("\\{1,2\\}", "\\{2,1\\}"),
    ("\\frac12", "0.5"), ("y=2x+1", "2x-y+1=0"), ("90^\\circ", "90 degrees"), ("5", "\\boxed{5}"),
  ])
  func strictnessKeepsWhatIsTheSame(reference: String, answer: String) throws {
    #expect(try verdict(reference, answer, MathOptions(isStrict: true)) == .right)
  }
}
