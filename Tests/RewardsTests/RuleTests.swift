// SPDX-License-Identifier: MIT
// Each rule against answers judged by hand.
import Rewards
import Testing

@Suite struct RuleTests {
  @Test(arguments: [
    ("3", "3", Verdict.right), ("3", "There are 3.", .right), ("3", "3.0", .right), ("3", "three", .right),
    ("3", "There are three cubes", .right), ("3", "Three", .right), ("3.0", "3", .right), ("-3", "-3", .right),
    ("-3", "\u{2212}3", .right), ("1000", "1,000", .right), ("1000", "1e3", .right), ("12", "x = 12 cm", .right),
    ("10", "ten", .right), ("5", "答案是5", .right), ("0", "-0", .right), ("0.5", ".5", .right),
    ("3", "4", .wrong), ("3", "3 or 4", .wrong), ("3", "33", .wrong), ("3", "-3", .wrong), ("3", "3.01", .wrong),
    ("3", "1/3", .wrong), ("3", "three or four", .wrong), ("3", "1e99999999999999999999", .unparsable),
    ("3", "B3", .unparsable), ("3", "many", .unparsable), ("3", "", .unparsable), ("3", "NaN", .unparsable),
    ("3", "inf", .unparsable), ("[3, 4]", "4", .right), ("1000000000000000000000", "1e21", .right),
  ])
  func digits(reference: String, answer: String, verdict: Verdict) throws {
    #expect(try score(.digit, reference, answer).verdict == verdict)
  }

  @Test(arguments: [
    "A", "a", "A)", "(a)", "(A)", "A.", "A:", "[A]", "A. cat", "(A) cat", "A) a cat", "a. cat", "**A**", "$A$",
    "\\boxed{A}",
    "\\text{A}.", "Answer: A", "The answer is A", "the correct option is (A).", "Option A", "option A: cat",
    "A is correct",
    "A and A", "\"A\"", "A. Vitamin C.", "<answer>A</answer>",
  ])
  func lettersAreReadOnBothSides(text: String) throws {
    #expect(try score(.mcq, "A", text).verdict == .right)
    if !text.contains("<") { #expect(try score(.mcq, text, "A").verdict == .right) }
    #expect(try score(.mcq, "B", text).verdict == .wrong)
  }

  @Test(arguments: [
    ("A or B or C", Verdict.wrong), ("A, B", .wrong), ("A/B", .wrong), ("A. cat B. dog", .wrong), ("A. B", .wrong),
    ("(A) (B) (C) (D)", .wrong), ("AB", .wrong), ("ABCD", .wrong), ("A) or maybe (B) perhaps", .wrong),
    ("A cat", .unparsable), ("a or b", .unparsable), ("cat", .unparsable), ("", .unparsable), ("?", .unparsable),
    ("None of them", .unparsable), ("1", .unparsable), ("Answer", .unparsable), ("BAD", .unparsable),
  ])
  func severalLettersAndProseEarnNothing(text: String, verdict: Verdict) throws {
    let score = try score(.mcq, "A", text)
    #expect(score.verdict == verdict && score.value == 0)
  }

  @Test func choicesGiveLettersAndLimits() throws {
    let choices = ["a cat", "Vitamin C", "B", "dog"]
    func verdict(_ reference: String, _ answer: String) throws -> Verdict {
      try score(.mcq, reference, answer, choices: choices).verdict
    }
    #expect(try verdict("Vitamin C", "B") == .wrong)  // "B" is the text of choice C
    #expect(try verdict("Vitamin C", "B.") == .wrong)
    #expect(try verdict("Vitamin C", "B. Vitamin C") == .right)
    #expect(try verdict("vitamin c", "Vitamin C") == .right)
    #expect(try verdict("a cat", "A cat") == .right)
    #expect(try verdict("A", "a cat.") == .right)
    #expect(try verdict("A", "E") == .unparsable)
    #expect(try verdict("D", "the answer is D") == .right)
    // Several right options.
    #expect(try score(.mcq, "A, C", "AC").verdict == .right)
    #expect(try score(.mcq, "AC", "A and C").verdict == .right)
    #expect(try score(.mcq, "AC", "A").verdict == .wrong)
    #expect(throws: ReferenceError.self) { try score(.mcq, "cat", "A") }
  }

  @Test func boxesOverlap() throws {
    func value(_ answer: String, _ space: BoxSpace = .unit, _ reference: String = "[0.1,0.2,0.7,0.5]") throws -> Double
    {
      try score(.iou, reference, answer, space: space).value
    }
    // Identical boxes give exactly 1, also where binary fractions are not exact.
    #expect(try value("[0.1, 0.2, 0.7, 0.5]") == 1)
    #expect(try value("0.1 0.2 0.7 0.5") == 1)
    #expect(try value("(0.10, 0.2, .7, 0.5)") == 1)
    #expect(try value(#"{"bbox_2d": [0.1, 0.2, 0.7, 0.5], "label": "cat 1"}"#) == 1)
    #expect(try value("[[0.1, 0.2, 0.7, 0.5]]") == 1)
    #expect(try value("[0.1,0.2,0.7,0.5] or [0.1,0.2,0.7,0.5]") == 1)
    // Half of it: 0.09 / 0.18; a third: 0.09 / (0.18 + 0.18 - 0.09).
    #expect(isClose(try value("[0.1, 0.2, 0.4, 0.5]"), 0.5))
    #expect(isClose(try value("[0.4, 0.2, 1.0, 0.5]"), 1.0 / 3))
    #expect(try value("[0.7, 0.5, 0.8, 0.6]") == 0)
    #expect(isClose(try value("[0, 0, 10, 10]", .pixels, "[5, 0, 15, 10]"), 1.0 / 3))
    #expect(try value("[100,200,700,500]", .permille, "[100, 200, 700, 500]") == 1)
  }

  @Test(arguments: [
    "", "cat", "[0.1,0.2,0.7]", "[0.1,0.2,0.7,0.5,0.9]", "[0.7,0.2,0.1,0.5]", "[0.1,0.2,0.1,0.5]", "[0.1,0.2,0.7,1.6]",
    "[-0.6,0.2,0.7,0.5]", "[100,200,700,500]", "[nan,nan,nan,nan]", "[0.1,0.2,NaN,0.5]", "[0,0,1e999,1]",
    "[0.1,0.2,0.7,0.5", "[0.1,0.2],[0.7,0.5] and [0,0,1", "[[[[[[[[",
  ])
  func whatIsNoBoxOfTheSpaceIsUnparsable(answer: String) throws {
    // The one exception: four numbers stand alone even where a bracket is missing.
    let expected: Verdict = answer == "[0.1,0.2,0.7,0.5" ? .right : .unparsable
    #expect(try score(.iou, "[0.1,0.2,0.7,0.5]", answer, space: .unit).verdict == expected)
  }

  /// What lies outside the picture is cut off, so that a pixel too far costs a pixel.
  @Test func boxesAreClippedToThePicture() throws {
    func score(_ answer: String, _ space: BoxSpace = .unit, _ reference: String = "[0,0.2,0.7,1]") throws -> Score {
      try RewardsTests.score(.iou, reference, answer, space: space)
    }
    #expect(try score("[-0.1, 0.2, 0.7, 1.05]").value == 1)
    #expect(isClose(try score("[-0.01, 0.2, 0.35, 1]").value, 0.5))
    #expect(try score("[-20, 10, 100, 50]", .pixels, "[0,10,100,50]").value == 1)
    #expect(try score("[0, 10, 1003, 50]", .permille, "[0,10,1000,50]").value == 1)
    // All of it outside.
    #expect(try score("[-0.3, 0.2, -0.1, 0.5]") == Score(false))
    // Reaching out by more than half of the picture: other numbers than these.
    for answer in ["[-0.6,0.2,0.7,1]", "[0,0,1.6,1]", "[0,0,640,480]"] {
      #expect(try score(answer).verdict == .unparsable, "\(answer)")
    }
    // Never more than the box would earn that covers the picture.
    let whole = try score("[0,0,1,1]").value
    #expect(try score("[-0.5,-0.5,1.5,1.5]").value == whole)
  }

  @Test func severalBoxesAreWrong() throws {
    let all = "[0.1,0.2,0.7,0.5] [0,0,1,1]"
    #expect(try score(.iou, "[0.1,0.2,0.7,0.5]", all, space: .unit) == Score(false))
  }

  @Test(arguments: [
    ("[0.1,0.2,0.7,0.5]", nil as BoxSpace?, "no coordinate space"),
    ("[100,200,700,500]", .unit, "is the space right?"), ("[0.7,0.2,0.1,0.5]", .unit, "is the space right?"),
    ("[0.1,0.2,0.7,0.5]", .pixels, "is the space unit?"), ("[0.1,0.2,0.7,0.5]", .permille, "is the space unit?"),
    ("[10,20,1700,500]", .permille, "up to 1000"), ("cat", .unit, "expected one box"),
    ("[[0,0,1,1],[0,0,0.5,0.5]]", .unit, "expected one box"),
  ])
  func referenceBoxesThatViolateTheirSpaceAreRefused(reference: String, space: BoxSpace?, words: String) {
    let error = #expect(throws: ReferenceError.self) { try score(.iou, reference, "[0,0,1,1]", space: space) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    #expect(error?.exitStatus == .badData)
  }

  @Test func overlapIsRougeL() throws {
    // Lin (2004), section 3.1: "police killed the gunman" against "police kill the gunman": LCS 3 of 4 and 4 words, F
    // = 3/4; "the gunman kill police": LCS 2, F = 1/2.
    #expect(isClose(try score(.openEnded, "police killed the gunman", "police kill the gunman").value, 0.75))
    #expect(isClose(try score(.openEnded, "police killed the gunman", "the gunman kill police").value, 0.5))
    #expect(try score(.openEnded, "Police killed the gunman.", "police KILLED the gunman").verdict == .right)
    #expect(isClose(try score(.openEnded, "a b c d", "a x").value, 2.0 / 6))
    #expect(try score(.openEnded, #"["a b", "c d"]"#, "c d").verdict == .right)
    #expect(try score(.openEnded, "a b", "x y").verdict == .wrong)
    #expect(try score(.openEnded, "a b", "?!").verdict == .unparsable)
    #expect(isClose(try score(.openEnded, "红色的车", "红车").value, 4.0 / 6))
    // More words than a machine word has bits, against the plain recurrence.
    let a = (0..<200).map { "w\($0 * 7 % 13)" }
    let b = (0..<150).map { "w\($0 * 5 % 17)" }
    var row = [Int](repeating: 0, count: b.count + 1)
    for x in a {
      var diagonal = 0
      for (j, y) in b.enumerated() {
        (diagonal, row[j + 1]) = (row[j + 1], x == y ? diagonal + 1 : max(row[j + 1], row[j]))
      }
    }
    let expected = 2 * Double(row[b.count]) / Double(a.count + b.count)
    #expect(
      isClose(try score(.openEnded, a.joined(separator: " "), b.joined(separator: " ")).value, expected))
  }

  @Test func exactAndYesNo() throws {
    for answer in ["Red", " red. ", "RED", "red"] { #expect(try score(.exact, "red", answer).verdict == .right) }
    for answer in ["dark red", "red or blue", "re d", "redd"] {
      #expect(try score(.exact, "red", answer).verdict == .wrong)
    }
    #expect(try score(.exact, #"["red", "dark  red"]"#, "Dark red.").verdict == .right)
    #expect(try score(.exact, "3.5", "3.5").verdict == .right)
    for answer in ["Yes", "yes.", "Yes, there is a dog.", "True"] {
      #expect(try score(.yesNo, "yes", answer).verdict == .right, "\(answer)")
      #expect(try score(.yesNo, "No", answer).verdict == .wrong, "\(answer)")
    }
    for answer in ["yes or no", "Yes. No.", "yes/no", "no, yes"] {
      #expect(try score(.yesNo, "yes", answer).verdict == .wrong)
    }
    for answer in ["maybe", "", "not", "nope", "yesno"] {
      #expect(try score(.yesNo, "false", answer).verdict == .unparsable)
    }
    #expect(throws: ReferenceError.self) { try score(.yesNo, "perhaps", "yes") }
  }

  /// The published table: one, two, three or four and more of ten people.
  @Test func vqaAccuracyIsLeaveOneOut() throws {
    func value(_ same: Int, answer: String = "red") throws -> Double {
      let answers = (0..<10).map { $0 < same ? "\"red\"" : "\"other \($0)\"" }
      return try score(.vqa, "[\(answers.joined(separator: ","))]", answer).value
    }
    for (same, expected) in [0.0, 0.3, 0.6, 0.9, 1, 1, 1, 1, 1, 1, 1].enumerated() {
      #expect(isClose(try value(same), expected), "\(same)")
    }
    #expect(try value(9, answer: "Red.") == 1)
    // The script normalises where people disagree.
    #expect(try value(10, answer: "Red") == 1)
    #expect(try value(10, answer: "Red.") == 0)
    #expect(try value(10, answer: "blue") == 0)
    #expect(try score(.vqa, "red", "the red").value == 1)
  }

  @Test(arguments: [
    ("two dogs", "2 dogs"), ("2", "two"), ("dont know", "don't know"), ("the man's", "man's"),
    ("blue, white", "blue white"),
    ("1,000", "1000"), ("red/blue", "red blue"), ("u.s.a.", "usa"), ("3.5", "3.5"), ("yes!", "yes"),
    ("An Apple", "apple"),
    ("none", "0"), ("couldnt've", "couldn't've"), ("t-shirt", "t shirt"), ("a\nb\tc", "b c"),
    ("t-shirt - red", "tshirt red"),
  ])
  func vqaTextsAreNormalisedAsOfficially(a: String, b: String) throws {
    let quoted = String(a.flatMap { $0 == "\n" ? "\\n" : $0 == "\t" ? "\\t" : "\($0)" })
    #expect(try score(.vqa, "[\"\(quoted)\"]", b).value == 1)
    #expect(try score(.vqa, b, a).value == 1)
  }

  @Test func anlsIsThatOfThePaper() throws {
    func value(_ reference: String, _ answer: String) throws -> Double { try score(.anls, reference, answer).value }
    #expect(try value("Coca Cola", "coca  cola") == 1)
    #expect(isClose(try value("hello", "helo"), 0.8))  // one of five
    #expect(isClose(try value("kitten", "sitting"), 4.0 / 7))  // three of seven
    #expect(try value("abcd", "abxy") == 0)  // NL = 0.5 is not below 0.5
    #expect(isClose(try value("abcde", "abcxy"), 0.6))
    #expect(try value("abc", "xyz") == 0)
    #expect(isClose(try value(#"["one", "hello"]"#, "helo"), 0.8))
    #expect(try value("a", "ab") == 0)
    #expect(try score(.anls, "a", "").verdict == .unparsable)
  }

  @Test(arguments: [
    ("100", "105", true), ("100", "95", true), ("100", "105.1", false), ("100", "94.9", false), ("0.5", "50%", true),
    ("50%", "0.51", true), ("Yes", "yes", true), ("2020", "2100", true), ("-10", "-10.4", true), ("10", "-10", false),
    ("0", "0.0", true), ("0", "0.1", false), ("ten", "10", false), ("5", "5.", true), ("10", "10 or 11", false),
    ("10", "nan", false), ("10", "inf", false), ("10", "1e999", false), ("nan", "nan", true),
    ("red", "red or blue", false),
    ("[3, 4]", "4.1", false), ("1e308", "9.9e307", true), ("0x10", "16", false), ("10", "1_0", true),
    (".5", "0.5", true), ("1000", "1_000", true), ("10", "_10", false), ("10", "1__0", false), ("10", "10_", false),
    ("5e1", "5_0.", true), ("５０", "50", true), ("-1.5e-1", "-.15", true), ("1", "1.0.0", false), ("1", "+-1", false),
    ("Yes", "yes.", true), ("14", "14..", true), (".", ".", true), (".", "..", false), ("50%", "50%.", true),
    ("yes", "yes.no", false),
    ("[Gray, Blue]", "[gray, blue]", true), ("[Gray, Blue]", "Gray, Blue.", true), ("[Gray, Blue]", "[Gray]", false),
    ("[Gray, Blue]", "Gray", false), ("[Gray, Blue]", "[Blue, Gray]", false), ("[2014, 2018]", "[2014, 2018]", true),
    ("[10, Blue]", "['10.2', 'Blue']", true), ("[10, 20]", "[10, 30]", false), ("[3, 4]", "[3, 4, 4]", false),
    (#"["10", "20"]"#, "20", true), (#"["[1, 2]", "[3, 4]"]"#, "[3, 4]", true), ("[7]", "7", true),
    ("[1, 2]", "[[1, 2]]", false), ("1,000", "1000", false),
  ])
  func relaxedIsThatOfChartQA(reference: String, answer: String, isRight: Bool) throws {
    #expect(try score(.relaxed, reference, answer).verdict == (isRight ? .right : .wrong))
  }

  @Test func aRewardModelsScoresAreShaped() {
    #expect(shapedReward(answer: 1, reference: 1, beta: 1) == Score(false))
    #expect(shapedReward(answer: 0, reference: 1, beta: 1) == Score(false))
    #expect(isClose(shapedReward(answer: 2, reference: 1, beta: 0.5).value, 0.3934693402873666))
    #expect(shapedReward(answer: 2, reference: 1, beta: 0.5).verdict == .partial)
    #expect(shapedReward(answer: .nan, reference: 1, beta: 1) == Score(false))
    #expect(shapedReward(answer: 1e300, reference: -1e300, beta: 1).value == 1)
  }

  @Test func gradedRewardsStayBetweenNoughtAndOne() {
    #expect([-1, 0, 0.25, 1, 1.5, .nan, .infinity].map { Score(graded: $0).value } == [0, 0, 0.25, 1, 1, 0, 1])
    #expect(Score(graded: 0.25).verdict == .partial && Score(graded: 1.5).verdict == .right)
  }

  @Test func theFormatMayBeBlendedIn() {
    #expect(Score(true).blended(withFormat: false, weight: 0) == Score(true))
    #expect(Score(true).blended(withFormat: false, weight: 0.1).value == 0.9)
    #expect(Score(false).blended(withFormat: true, weight: 0.1).value == 0.1)
    #expect(Score(false).blended(withFormat: true, weight: 0.1).verdict == .wrong)
    #expect(Score(true).blended(withFormat: true, weight: 0.5).value == 1)
  }
}
