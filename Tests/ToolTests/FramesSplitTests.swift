// SPDX-License-Identifier: MIT
// frames split: every frame once, in the part it belongs to, and all parts or none.
import TensorStream
import TestSupport
import Testing

@Suite struct FramesSplitTests {
  /// The numbers in the ids of a file's frames.
  private func ids(_ file: String, _ folder: String) throws -> [Int] {
    let result = try runPipeline("frames ls '\(file)'", in: folder)
    #expect(result.status == 0, "\(file): \(result.ending)")
    return result.lines.compactMap { Int($0.split(separator: "\t")[1].dropFirst("example-".count)) }
  }

  @Test func sharesAreMetAtEveryMoment() throws {
    try withStreams(long: true) { (folder) throws in
      let run = try runPipeline("frames split --fractions 0.7,0.2,0.1 --out a,b,c long", in: folder)
      #expect(run.status == 0 && run.lines == ["a\t140", "b\t40", "c\t20"], "\(run.ending)")
      let parts = try ["a", "b", "c"].map { try ids($0, folder) }
      #expect(parts.flatMap { $0 }.sorted() == Array(0..<200))
      for part in parts { #expect(part == part.sorted()) }
      for n in 1..<200 { #expect(abs(Double(parts[0].count { $0 < n }) - 0.7 * Double(n)) <= 1.0001, "\(n)") }
      let equal = try runPipeline("cat long | frames split --parts 3 --out 'd%'", in: folder)
      #expect(equal.lines == ["d0\t67", "d1\t67", "d2\t66"])
      #expect(try ids("d1", folder).prefix(3) == [1, 4, 7])
    }
  }

  @Test func framesFillOneFileAfterTheOther() throws {
    try withStreams { (folder) throws in
      let run = try runPipeline("frames split --frames 2 --gzip --out 'part-%.gz' small small", in: folder)
      #expect(run.lines == (0..<5).map { "part-\($0).gz\t2" }, "\(run.ending)")
      #expect(try ids("part-2.gz", folder) == [4, 0])
      let whole = try runPipeline("frames stats --check part-*.gz && gzip -t part-*.gz", in: folder)
      #expect(whole.status == 0 && whole.lines.allSatisfy { $0.hasSuffix("2 frames, whole") })
      let exact = try runPipeline("frames split --frames 5 --out 'x%' small", in: folder)
      #expect(exact.lines == ["x0\t5"])
      let none = try runPipeline("frames head -n 0 small | frames split --frames 5 --out 'y%'; ls y*", in: folder)
      #expect(none.stdout.isEmpty && none.stderr.hasPrefix("frames: the stream has no frames, so there is no file\n"))
    }
  }

  /// What an example is called decides, not where it stands or what stands beside it.
  @Test func anIdAlwaysLandsInTheSamePart() throws {
    try withStreams(long: true) { (folder) throws in
      func parts(_ line: String) throws -> [Set<Int>] {
        let run = try runPipeline("rm -f a b; \(line) --by id --out a,b", in: folder)
        #expect(run.status == 0, "\(run.ending)")
        return try ["a", "b"].map { Set(try ids($0, folder)) }
      }
      let all = try parts("frames split --fractions 0.75,0.25 long")
      #expect(all[0].union(all[1]).count == 200 && all[0].isDisjoint(with: all[1]))
      #expect((130...170).contains(all[0].count), "\(all[0].count) of 200, expected 150 ± 6")
      #expect(try parts("frames shuf --seed 3 long | frames split --fractions 0.75,0.25") == all)
      let few = try parts("frames select --index 50:90 long | frames split --fractions 0.75,0.25")
      #expect(few == all.map { $0.intersection(50..<90) })
      // A larger first part keeps what it had.
      #expect(try parts("frames split --fractions 0.9,0.1 long")[0].isSuperset(of: all[0]))
      #expect(try parts("frames split --fractions 0.75,0.25 --seed 1 long") != all)
      // Any metadata value keeps its frames together.
      let kept = try runPipeline("frames split --parts 5 --by category --out 'k%' long", in: folder)
      #expect(kept.lines.filter { !$0.hasSuffix("\t0") }.allSatisfy { $0.hasSuffix("\t100") || $0.hasSuffix("\t200") })
      let missing = try runPipeline(
        "frames split --parts 2 --by image --out 'm%' small; ls -A | grep m[0-9]", in: folder)
      #expect(missing.stdout.isEmpty)
      #expect(
        missing.stderr
          == "frames: small: frame 0 (id example-0): has no metadata \"image\" (--by); it has id, category\n")
    }
  }

  @Test func allPartsAppearOrNone() throws {
    try withStreams { (folder) throws in
      // Over the file that is read: it is replaced when all is there.
      let over = try runPipeline("cp small x && frames split --fractions 0.6,0.4 --out x,y x && ls -A", in: folder)
      #expect(over.status == 0 && !over.text.contains("partial"), "\(over.ending)")
      #expect(try ids("x", folder).count == 3 && ids("y", folder).count == 2)
      for bad in ["cut", "flipped", "empty"] {
        let run = try runPipeline("frames split --parts 2 --out 'q%' \(bad)", in: folder)
        #expect(run.status == 65 && run.stdout.isEmpty, "\(run.ending)")
        #expect(try runPipeline("ls -A | grep q", in: folder).text == "")
      }
      let skipped = try runPipeline("frames split --skip-bad --parts 2 --out 'q%' flipped", in: folder)
      #expect(skipped.status == 0 && skipped.lines == ["q0\t2", "q1\t2"], "\(skipped.ending)")
      let pipes = try runPipeline(
        "mkfifo one two; frames ls one > 1 & frames ls two > 2 & frames split --parts 2 --out one,two small; wait; cat 1 2",
        in: folder)
      #expect(pipes.status == 0 && pipes.lines.count == 2 + 5, "\(pipes.ending)")
    }
  }

  @Test func mistakesHaveOneLineAndAStatus() throws {
    try withStreams { (folder) throws in
      let cases: [(String, Int32, String)] = [
        ("--out a,b", 64, "give one of --fractions, --parts and --frames (see frames --help)"),
        ("--parts 2 --frames 3 --out a,b", 64, "give one of --fractions, --parts and --frames (see frames --help)"),
        ("--parts 3 --out a,b", 64, "--out a,b: names 2 files, expected 3 (see frames --help)"),
        ("--frames 3 --out a,b", 64, "--out a,b: names 2 files, expected a name with % (see frames --help)"),
        ("--parts 2 --out a,a", 64, "--out a,a: names a file twice (see frames --help)"),
        ("--parts 0 --out a%", 64, "--parts 0: must be 1 to 256 (see frames --help)"),
        ("--frames 2 --by id --out a%", 64, "--by needs --parts or --fractions (see frames --help)"),
        (
          "--fractions 0.8,0.3 --out a,b", 64,
          "The value '0.8,0.3' is invalid for '--fractions <shares>' (see frames --help)"
        ),
        ("--parts 2 --out no/a,b", 73, "no/a: cannot create: No such file or directory"),
        ("--parts 2 --out a,b nowhere", 66, "nowhere: No such file or directory"),
      ]
      for (arguments, status, line) in cases {
        let run = try runPipeline("frames split \(arguments) < small", in: folder)
        #expect(
          run.status == status && run.stderr == "frames: \(line)\n" && run.stdout.isEmpty, "\(arguments): \(run.ending)"
        )
      }
      #expect(try runPipeline("ls -A", in: folder).lines == ["cut", "empty", "flipped", "small", "small.gz"])
    }
  }
}
