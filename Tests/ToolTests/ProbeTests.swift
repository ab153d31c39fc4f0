// SPDX-License-Identifier: MIT
// probe, through the executable.
import StrictJSON
import TensorStream
import TestSupport
import Testing

@Suite struct ProbeTests {
  /// `count` images of overlapping classes, with four patches each; ids and order from `order`.
  private func features(
    _ count: Int = 120, classes: Int = 4, width: Int = 8, noise: Float = 1, seed: UInt64 = 1,
    encoder: String = "0123456789abcdef", order: [Int]? = nil, prefix: String = "image",
    change: (Int, inout Frame) -> Void = { _, _ in }
  ) throws -> [UInt8] {
    var centres = SeededGenerator(seed: 7)
    let means = centres.floats(classes * width)
    var random = SeededGenerator(seed: seed)
    var frames = (0..<count).map { row in
      var values: [Float] = []
      for _ in 0..<4 {
        let patch = random.floats(width)
        values += (0..<width).map { means[row % classes * width + $0] + noise * patch[$0] }
      }
      var frame = Frame(metadata: [
        "id": "\(prefix)-\(row)", "class": "class \(row % classes)", "encoder": encoder, "prefix_tokens": "0",
      ])
      frame.tensors["features"] = RawTensor(f32: values, shape: [4, width])
      change(row, &frame)
      return frame
    }
    if let order { frames = order.map { frames[$0] } }
    return try FrameWriter.bytes(frames)
  }

  private func probe(_ arguments: [String], stdin: [UInt8]) throws -> ToolResult {
    try runTool("probe", ["linear"] + arguments, stdin: stdin)
  }

  private func refused(
    _ arguments: [String], _ stdin: [UInt8], status: Int32 = 65, _ line: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let result = try probe(arguments, stdin: stdin)
    #expect(result.status == status && result.text == "", "\(result.ending)", sourceLocation: sourceLocation)
    #expect(result.stderr.contains(line), "\(result.ending)", sourceLocation: sourceLocation)
    #expect(result.stderr.split(separator: "\n").count == 1, "\(result.ending)", sourceLocation: sourceLocation)
  }

  /// Images that are in training and test are counted: by their content, else by id. `leaky` keeps its meaning.
  @Test func imagesInBothPartsAreWarnedOf() throws {
    func digest(_ name: String) -> (Int, inout Frame) -> Void { { $1.metadata["image_digest"] = "\(name)\($0 / 2)" } }
    try withTemporaryDirectory { folder in
      for (name, train, test, arguments, expected) in [
        ("the same file", try features(40), try features(40), [], 40),
        ("other ids", try features(40), try features(40, prefix: "test"), [], 0),
        ("some ids", try features(40), try features(44), [], 40),
        (
          "equal ids, other images", try features(40, change: digest("a")), try features(40, change: digest("b")), [],
          0
        ),
        (
          "other ids, equal images", try features(40, change: digest("a")),
          try features(20, prefix: "test", change: digest("a")), [], 20
        ),
        ("one side without digests", try features(40, change: digest("a")), try features(40), [], 40),
        ("prototypes", try features(40), try features(40), ["--tier", "prototype"], 40),
      ] as [(String, [UInt8], [UInt8], [String], Int)] {
        try writeFile(folder + "/test", test)
        let result = try probe(["--test", folder + "/test", "--c", "1"] + arguments, stdin: train)
        #expect(result.status == 0, "\(result.ending)")
        let report = try JSONValue.parse(result.stdout)
        #expect(report["n_shared"]?.int == expected && report["leaky"] == false, "\(name): \(result.text)")
        let warning = "warning: \(expected) of \(report["n_test"]?.int ?? 0) test images are training images too"
        #expect(result.stderr.contains(warning) == (expected > 0), "\(name): \(result.stderr)")
      }
      // Questions about one picture on both sides of a split.
      let split = try probe(
        ["--split", "0.5", "--c", "1"], stdin: features(40, classes: 2) { $1.metadata["image_digest"] = "d\($0 / 4)" })
      let shared = try JSONValue.parse(split.stdout)["n_shared"]?.int ?? 0
      #expect(shared > 0 && split.stderr.contains("warning: \(shared) of 20 test images"), "\(split.ending)")
      // Said already.
      let leaky = try probe(["--tier", "prototype", "--from-test"], stdin: features(40))
      #expect(!leaky.stderr.contains("training images too"), "\(leaky.ending)")
    }
  }

  @Test func theReportHasWhatItsPageSays() throws {
    let result = try probe(["--split", "0.25"], stdin: features())
    #expect(result.status == 0, "\(result.ending)")
    #expect(result.lines.count == 1)
    let report = try JSONValue.parse(result.stdout)
    #expect(
      report.object?.keys == [
        "probe", "after", "tier", "seed", "loss", "encoder", "leaky", "grid", "selected_on", "C", "top1", "top5",
        "interval", "n_train", "n_test", "n_shared", "n_classes", "classes",
      ])
    let grid = try #require(report["grid"]?.array)
    #expect(grid.map { $0["C"]?.double } == [0.01, 0.03, 0.1, 0.316, 1, 3.16])
    #expect(
      grid.allSatisfy {
        $0.object?.keys == [
          "C", "objective", "gap", "iterations", "converged", "train_top1", "held_out_top1", "test_top1",
        ]
      })
    let chosen = try #require(grid.first { $0["C"] == report["C"] })
    #expect(chosen["test_top1"] == report["top1"])
    let held = grid.compactMap { $0["held_out_top1"]?.double }
    #expect(chosen["held_out_top1"]?.double == held.max())
    #expect(report["n_train"] == 88 && report["n_test"] == 32 && report["n_classes"] == 4)  // 30 a class, 8 of them tested
    #expect(report["encoder"] == "0123456789abcdef" && report["leaky"] == false && report["selected_on"] == "held-out")
    let (top1, top5) = (report["top1"]?.double ?? .nan, report["top5"]?.double ?? .nan)
    let interval = report["interval"]?.array?.compactMap(\.double) ?? []
    #expect(top5 == 1 && top1 > 0.5 && interval.count == 2 && interval[0] <= top1 && top1 <= interval[1])
    #expect(result.stderr.contains("4 classes, 88 training and 32 test images"))
    #expect(try probe(["--split", "0.25"], stdin: features()).stdout == result.stdout)
    #expect(try probe(["--split", "0.25", "--seed", "1"], stdin: features()).stdout != result.stdout)
    #expect(try probe(["--split", "0.25", "--threads", "1"], stdin: features()).stdout == result.stdout)
  }

  @Test func trainAndTestMayBeTwoFiles() throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/train", features())
      // Another order of classes, and a class fewer: names match, not numbers.
      try writeFile(
        folder + "/test",
        features(40, seed: 2, prefix: "test") { row, frame in
          frame.tensors["label"] = RawTensor(i32: [Int32(9 - row % 4)])
          if row % 4 == 3 { frame.metadata["class"] = "class 1" }
        })
      let result = try runTool(
        "probe",
        [
          "linear", "--test", "test", "--select-on-test", "--c", "0.1,10", "--predictions", "predictions",
          "--probabilities", "probabilities", "--confusion", "confusion.png", "train",
        ], in: folder)
      #expect(result.status == 0, "\(result.ending)")
      let report = try JSONValue.parse(result.stdout)
      #expect(report["grid"]?.array?.map { $0["C"]?.double } == [0.1, 10])
      #expect(report["selected_on"] == "test" && result.stderr.contains("C is chosen on the test images"))
      #expect(report["n_train"] == 120 && report["n_test"] == 40)
      let scores = report["grid"]?.array?.compactMap { $0["test_top1"]?.double } ?? []
      #expect(report["top1"]?.double == scores.max())

      let lines = try readFile(folder + "/predictions").split(separator: 10).map { try JSONValue.parse(Array($0)) }
      #expect(lines.map { $0["id"]?.string } == (0..<40).map { "test-\($0)" })
      let right = lines.count { $0["class"] == $0["prediction"] }
      #expect(Double(right) / 40 == report["top1"]?.double)
      let all = try readFile(folder + "/probabilities").split(separator: 10).map { try JSONValue.parse(Array($0)) }
      let classes = try #require(report["classes"]?.array)
      #expect(classes == ["class 0", "class 1", "class 2", "class 3"])
      for (line, row) in zip(lines, all) {
        let values = row["probabilities"]?.array?.compactMap(\.double) ?? []
        #expect(row["id"] == line["id"] && values.count == 4 && abs(values.reduce(0, +) - 1) <= 1e-6)
        #expect(values.max() == line["probability"]?.double)
        #expect(classes[values.firstIndex(of: values.max() ?? 0) ?? 0] == line["prediction"])
      }
      #expect(try readFile(folder + "/confusion.png").prefix(4) == [0x89, 0x50, 0x4E, 0x47])
    }
  }

  /// The class is in the first row and in no other.
  @Test func theClassTokenIsProbedWhereItIsAskedFor() throws {
    let stream = try features(noise: 3) { row, frame in
      var values = [Float](repeating: 0, count: 8)
      values[row % 4] = 1
      frame.tensors["features"] = RawTensor(f32: values + [Float](repeating: 1, count: 16), shape: [3, 8])
      frame.metadata["prefix_tokens"] = "1"
    }
    func report(_ arguments: [String]) throws -> JSONValue {
      let result = try probe(["--split", "0.25", "--c", "10"] + arguments, stdin: stream)
      #expect(result.status == 0, "\(result.ending)")
      return try JSONValue.parse(result.stdout)
    }
    let (patches, all, cls) = try (report([]), report(["--pool", "all"]), report(["--pool", "cls"]))
    #expect(patches["pool"] == nil && all["pool"] == "all" && cls["pool"] == "cls")
    #expect(top1(patches) == 0.25 && top1(all) == 1 && top1(cls) == 1)
    #expect(
      try probe(["--split", "0.25", "--c", "10", "--pool", "patches"], stdin: stream).text == patches.text() + "\n")
    try refused(["--split", "0.25", "--pool", "cls"], features(), "there is no class token for --pool cls")
    try refused(["--split", "0.25", "--pool", "max"], features(), status: 64, "--pool")
  }

  @Test func theTiersUseWhatTheySay() throws {
    let stream = try features()
    let few = try JSONValue.parse(
      probe(["--split", "0.25", "--tier", "few", "--per-class", "5"], stdin: stream).stdout)
    #expect(few["n_train"] == 20 && few["n_test"] == 32 && few["per_class"] == 5)
    let prototype = try probe(["--split", "0.25", "--tier", "prototype"], stdin: stream)
    let fair = try JSONValue.parse(prototype.stdout)
    #expect(fair["n_train"] == 88 && fair["leaky"] == false && fair["grid"] == nil && fair["C"] == nil)
    let leaky = try probe(["--tier", "prototype", "--from-test"], stdin: stream)
    let report = try JSONValue.parse(leaky.stdout)
    #expect(report["leaky"] == true && report["n_train"] == 120 && report["n_test"] == 120)
    #expect(leaky.stderr.contains("leaky"))
    try refused(
      ["--split", "0.25", "--tier", "few"], stream, "--per-class asks for 50; the smallest class allows --per-class 22")
  }

  @Test func aComparisonMatchesImagesByID() throws {
    try withTemporaryDirectory { folder in
      let stream = try features()
      let other = "ffff456789abcdef"
      try writeFile(folder + "/noisy", features(noise: 4, seed: 2, encoder: other))
      try writeFile(folder + "/turned", features(noise: 4, seed: 2, encoder: other, order: (0..<120).reversed()))
      let a = try probe(["--split", "0.5", "--compare", folder + "/noisy"], stdin: stream)
      #expect(a.status == 0, "\(a.ending)")
      let b = try probe(["--split", "0.5", "--compare", folder + "/turned"], stdin: stream)
      let (first, second) = try (JSONValue.parse(a.stdout), JSONValue.parse(b.stdout))
      let compared = try #require(first["compare"])
      #expect(compared["encoder"] == .string(other) && compared["source"] == .string(folder + "/noisy"))
      for key in ["top1", "difference", "mcnemar_exact", "only_first", "grid"] {
        #expect(compared[key] == second["compare"]?[key], "\(key)")
      }
      let difference = compared["difference"]?.double ?? .nan
      #expect(difference > 0.1 && abs(difference - (top1(first) - top1(compared))) <= 1e-12)
      #expect((compared["mcnemar_exact"]?.double ?? .nan) < 0.05)
      let counts = (compared["only_first"]?.int ?? 0, compared["only_second"]?.int ?? 0)
      #expect(abs(Double(counts.0 - counts.1) / 60 - difference) <= 1e-12)
      #expect(a.stderr.contains("McNemar p ="))

      try writeFile(folder + "/less", features(119, noise: 4, encoder: other))
      try refused(
        ["--split", "0.5", "--compare", folder + "/less"], stream, "less: there is no id image-119, which stdin has")
      try writeFile(folder + "/others", features(noise: 4, encoder: other, prefix: "photo"))
      try refused(["--split", "0.5", "--compare", folder + "/others"], stream, "there is no id image-0")
    }
  }

  private func top1(_ value: JSONValue) -> Double { value["top1"]?.double ?? .nan }

  @Test func dataThatMakeNoProblemAreRefusedInOneLine() throws {
    let nan = try features { row, frame in
      if row == 5 { frame.tensors["features"] = RawTensor(f32: [1, 2, .nan, 4, 5, 6, 7, 8], shape: [1, 8]) }
    }
    try refused(["--split", "0.5"], nan, "stdin: frame 5 (id image-5): \"features\" has nan at [0, 2]")
    let skipped = try probe(["--split", "0.5", "--skip-bad"], stdin: nan)
    #expect(skipped.status == 0 && skipped.stderr.contains("1 bad example left out"), "\(skipped.ending)")
    #expect(try JSONValue.parse(skipped.stdout)["n_test"] == 60)

    try refused(["--split", "0.5"], features(classes: 1), "a probe needs at least two classes")
    try refused(["--split", "0.5"], features(5), "class \"class 1\" has 1 example (5 examples of 4 classes)")
    try refused(["--split", "0.5"], FrameWriter.bytes([]), "there are no examples to probe")
    let widths = try features { row, frame in
      if row == 3 { frame.tensors["features"] = RawTensor(f32: [1, 2], shape: [1, 2]) }
    }
    try refused(["--split", "0.5"], widths, "frame 3 (id image-3): \"features\" has width 2, frames before it have 8")
    let mixed = try features { row, frame in if row == 9 { frame.metadata["encoder"] = "fedc" } }
    try refused(["--split", "0.5"], mixed, "frame 9 (id image-9): its features come from encoder fedc")
    let bare = try features { row, frame in if row == 2 { frame.tensors["features"] = nil } }
    try refused(
      ["--split", "0.5"], bare, "frame 2 (id image-2): there is no tensor \"features\"; run encode before this")
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/test", features(8) { row, frame in if row == 6 { frame.metadata["class"] = "cat" } })
      try refused(
        ["--test", folder + "/test"], features(),
        "id image-6: class \"cat\" has no example in the training data, which has 4 classes")
      try writeFile(folder + "/other", features(8, encoder: "fedc"))
      try refused(["--test", folder + "/other"], features(), "its encoder is fedc, that of stdin is 0123456789abcdef")
      try refused(["--test", folder + "/none"], features(), status: 66, "none")
      try refused(
        ["--split", "0.5", "--predictions", folder + "/no/such/place"], features(), status: 73, "cannot create")
      try writeFile(folder + "/sound", features(8))
      try refused(["--test", folder + "/sound"], features(4), "one of each: none can be held out to choose C")
    }
  }

  @Test func aDamagedStreamIsRefused() throws {
    let whole = try features()
    for cut in [whole.count - 1, whole.count / 2, 9, 0] {
      let result = try probe(["--split", "0.5"], stdin: Array(whole[..<cut]))
      #expect(result.status == 65 && result.stderr.split(separator: "\n").count == 1, "\(cut): \(result.ending)")
      #expect(result.text == "")
    }
    let dead = try runPipeline("head -c \(whole.count - 400) | probe linear --split 0.5", stdin: whole)
    #expect(dead.status == 65 && dead.stderr.contains("the writer upstream died"), "\(dead.ending)")
  }

  @Test func wrongOptionsAreNamed() throws {
    for (arguments, text) in [
      ([], "name the test images: --test FILE, or --split FRACTION"),
      (["--split", "1"], "--split 1.0: must be between"),
      (["--split", "0.5", "--test", "x"], "--test and --split exclude each other"),
      (["--split", "0.5", "--c", "0"], "--c 0.0: must be above 0"),
      (["--split", "0.5", "--c", "1,x"], "\"x\" is not a number"),
      (["--split", "0.5", "--c", "1,1"], "names a value twice"),
      (["--split", "0.5", "--held-out", "0"], "--held-out 0.0: must be between 0 and 1"),
      (["--split", "0.5", "--per-class", "0"], "--per-class 0: must be 1 or more"),
      (["--split", "0.5", "--from-test"], "--from-test belongs to --tier prototype"),
      (["--test", "x", "--compare", "y"], "--compare-test"),
      (["--split", "0.5", "--compare-test", "y"], "belong to --compare"),
      (["--split", "0.5", "--compare-ckpt", "y", "--compare", "x"], "--compare-ckpt names the projector"),
      (["--split", "0.5", "--after", "projector", "--compare", "x"], "needs --compare-ckpt"),
      (["--split", "0.5", "--after", "projector"], "--ckpt is missing"),
    ] {
      try refused(arguments, features(8), status: 64, text)
    }
    let bare = try runTool("probe")
    #expect(bare.status == 64 && bare.stderr.contains("name what to do: linear"), "\(bare.ending)")
  }

  /// From pictures to the report, after the encoder and after the projector.
  @Test func aWorldIsProbed() throws {
    try withTemporaryDirectory { folder in
      let made = try runPipeline(
        """
        ckpt new --quiet --preset mini --seed 1 base && miniworld --quiet --scenes 24 --seed 1 world &&
        imgtok --quiet --ckpt base world/labels.jsonl | encode --quiet --ckpt base --drop patches > features
        """, in: folder)
      #expect(made.status == 0, "\(made.ending)")
      let encoder = try runPipeline("probe linear --tier prototype --from-test features", in: folder)
      let projector = try runPipeline(
        "probe linear --after projector --ckpt base --tier prototype --from-test features", in: folder)
      #expect(encoder.status == 0 && projector.status == 0, "\(encoder.ending) \(projector.ending)")
      let (a, b) = try (JSONValue.parse(encoder.stdout), JSONValue.parse(projector.stdout))
      #expect(a["after"] == "encoder" && b["after"] == "projector" && a["encoder"] == b["encoder"])
      #expect(a["n_test"] == b["n_test"] && a["classes"] == b["classes"])
      let other = try runPipeline(
        """
        ckpt new --quiet --preset mini --seed 2 other &&
        probe linear --after projector --ckpt other --tier prototype --from-test features
        """, in: folder)
      #expect(
        other.status == 65 && other.stderr.contains("but the projector of other follows encoder"), "\(other.ending)")
    }
  }
}
