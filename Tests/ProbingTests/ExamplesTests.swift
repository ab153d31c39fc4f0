// SPDX-License-Identifier: MIT
// From frames to pooled features, splits, and what is refused.
import Checkpoints
import Failures
import Glibc
import Models
import TensorStream
import Tensors
import TestSupport
import Testing

@testable import Probing

@Suite struct ExamplesTests {
  private func frame(
    _ rows: [[Float]], _ metadata: Metadata = ["id": "cat-1", "class": "cat"], label: Int32? = nil
  ) -> Frame {
    var frame = Frame(metadata: metadata, source: "stdin", number: 7)
    frame.tensors["features"] = RawTensor(f32: rows.flatMap { $0 }, shape: [rows.count, rows[0].count])
    if let label { frame.tensors["label"] = RawTensor(i32: [label]) }
    return frame
  }

  private func refusal(_ frames: Frame...) -> String {
    let collector = ExampleCollector(source: "stdin")
    do {
      for frame in frames { try collector.add(frame) }
      _ = try collector.examples()
      return "accepted"
    } catch {
      return "\(error)"
    }
  }

  @Test func featuresAreTheNormalisedMeanOfThePatches() throws {
    let collector = ExampleCollector(source: "stdin")
    try collector.add(frame([[1, 0, 2], [5, 0, 6]]))  // mean 3 0 4
    try collector.add(frame([[0, 0, 0]], ["id": "dark", "class": "cat"]))
    try collector.add(frame([[3e20, 0, 4e20]], ["id": "large", "class": "cat"]))
    try collector.add(frame([[9, 9, 9], [3, 0, 4]], ["id": "cls", "class": "cat", "prefix_tokens": "1"]))
    try collector.add(frame([[0, 1, 0]], ["id": "number"], label: 12))
    let examples = try collector.examples()
    expectClose(
      examples.features.values, [0.6, 0, 0.8, 0, 0, 0, 0.6, 0, 0.8, 0.6, 0, 0.8, 0, 1, 0], tolerance: 1e-7)
    #expect(examples.classes == ["cat", "cat", "cat", "cat", "12"])
    #expect(examples.ids == ["cat-1", "dark", "large", "cls", "number"])
  }

  /// With a class token in front, with two rows that are no patches, and with none.
  @Test func thePooledRowsAreThoseThatAreAskedFor() throws {
    let rows: [[Float]] = [[0, 5, 0], [3, 0, 4], [9, 0, 2]]
    for (pooling, prefix, expected) in [
      (.patches, "0", [4, 5.0 / 3, 2]), (.patches, "1", [6, 0, 3]), (.patches, "2", [9, 0, 2]),
      (.all, "0", [4, 5.0 / 3, 2]), (.all, "1", [4, 5.0 / 3, 2]), (.cls, "1", [0, 5, 0]), (.cls, "2", [0, 5, 0]),
    ] as [(Pooling, String, [Float])] {
      let collector = ExampleCollector(source: "stdin", pooling: pooling)
      try collector.add(frame(rows, ["id": "cat-1", "class": "cat", "prefix_tokens": .init(prefix)]))
      let norm = expected.reduce(0) { $0 + $1 * $1 }.squareRoot()
      expectClose(
        try collector.examples().features.values, expected.map { $0 / norm }, tolerance: 1e-6, "\(pooling) \(prefix)")
    }
    // A projector takes all rows, as its model gives them; what is pooled is picked behind it, where it leaves a row each.
    for (pooling, kept, expected) in [(Pooling.cls, 3, [0, 1, 0]), (.patches, 2, [0.6, 0, 0.8])] as [(_, _, [Float])] {
      var seen: [Int] = []
      let collector = ExampleCollector(source: "stdin", pooling: pooling) { _, features in
        seen.append(features.rows)
        return kept == 3 ? features : features.rows(1..<2)
      }
      try collector.add(frame(rows, ["id": "cat-1", "class": "cat", "prefix_tokens": "1"]))
      #expect(seen == [3])
      expectClose(try collector.examples().features.values, expected, tolerance: 1e-6)
    }
  }

  @Test func aClassTokenThatIsNotThereIsRefused() {
    for metadata in [["id": "cat-1", "class": "cat"], ["id": "cat-1", "class": "cat", "prefix_tokens": "0"]]
      as [Metadata]
    {
      #expect {
        try ExampleCollector(source: "stdin", pooling: .cls).add(frame([[1, 2]], metadata))
      } throws: { error in
        "\(error)"
          == "stdin: frame 7 (id cat-1): \"features\" is F32 [1, 2] with 0 prefix tokens: there is no class token for "
          + "--pool cls; --pool patches takes the mean of the patches"
      }
    }
  }

  @Test func whatIsWrongWithAFrameIsSaidInOneLine() {
    let good = frame([[1, 2]])
    let cases: [(String, String)] = [
      (refusal(frame([[1, 2], [3, .nan]])), "\"features\" has nan at [1, 1], expected finite numbers"),
      (refusal(frame([[1, .infinity]])), "\"features\" has inf at [0, 1], expected finite numbers"),
      (refusal(good, frame([[1, 2, 3]])), "\"features\" has width 3, frames before it have 2"),
      (
        refusal(good, frame([[1, 2]], ["id": "cat-1", "class": "cat", "encoder": "abcd"])),
        "its features come from encoder abcd, those before from an encoder without a name; "
          + "a probe compares images, not encoders: keep them in files of their own"
      ),
      (
        refusal(frame([[1, 2]], ["id": "cat-1"])),
        "has neither metadata \"class\" nor a tensor \"label\"; imgtok writes them for a folder of classes and for "
          + "manifests with \"label\""
      ),
      (
        refusal(frame([[1, 2]], ["id": "cat-1", "class": ""])),
        "metadata \"class\" is empty, expected the name of a class"
      ),
      (refusal(frame([[1, 2]], ["id": "cat-1"], label: -1)), "\"label\" is -1, expected 0 or more"),
      (
        refusal(frame([[1, 2]], ["id": "cat-1", "class": "cat", "prefix_tokens": "1"])),
        "\"features\" is F32 [1, 2] with 1 prefix tokens: there is no patch to take the mean of"
      ),
      (
        refusal(Frame(metadata: ["id": "cat-1", "class": "cat"], source: "stdin", number: 7)),
        "there is no tensor \"features\"; run encode before this"
      ),
    ]
    for (got, expected) in cases { #expect(got == "stdin: frame 7 (id cat-1): " + expected) }
    #expect(refusal() == "stdin: there are no examples to probe")
  }

  @Test func theProjectorIsThatOfPyTorch() throws {
    let checkpoint = try Checkpoint(opening: fixture("models/published"))
    let projector = try ProjectedFeatures(checkpoint)
    let recorded = try #require(
      try FrameReader(paths: [fixture("parity/published/outputs.safetensors")]).next())
    for id in ["pair-0", "pair-1"] {
      let features = Tensor(try recorded.floats("\(id).features"), shape: [9, 12])
      var frame = Frame(metadata: ["id": id], source: "stdin", number: 3)
      frame.metadata["encoder"] = try checkpoint.encoderFingerprint()
      expectClose(try projector(frame, features).values, try recorded.floats("\(id).visual_tokens"), tolerance: 1e-6)
      frame.metadata["encoder"] = "0123"
      #expect { try projector(frame, features) } throws: { error in
        "\(error)".hasPrefix("stdin: frame 3 (id \(id)): its features come from encoder 0123, but the projector of")
      }
      frame.metadata["encoder"] = nil
      #expect { try projector(frame, Tensor(zeros: [9, 13])) } throws: { error in
        "\(error)".hasPrefix("stdin: frame 3 (id \(id)): \"features\" has width 13, the projector of")
      }
    }
  }

  @Test func splitsAreStratifiedDisjointAndSeeded() throws {
    let data = clusters(103, classes: 4, width: 3, seed: 1)  // 26, 26, 26, 25
    let (train, test) = try data.split(fraction: 0.2, seed: 5)
    #expect(test.count == 20 && train.count == 83)
    #expect(Dictionary(grouping: test.classes) { $0 }.mapValues(\.count).values.allSatisfy { $0 == 5 })
    #expect(Set(train.ids).isDisjoint(with: test.ids))
    #expect(try data.split(fraction: 0.2, seed: 5).test.ids == test.ids)
    #expect(try data.split(fraction: 0.2, seed: 6).test.ids != test.ids)
    for (row, id) in test.ids.enumerated() {  // rows go with their ids
      let original = try #require(data.ids.firstIndex(of: id))
      #expect(test.features.rows(row..<row + 1).values == data.features.rows(original..<original + 1).values)
    }
    // However small the part, one of each class is tested; however large, one is left to train on.
    #expect(try data.split(fraction: 0.001, seed: 5).test.count == 4)
    #expect(try data.split(fraction: 0.999, seed: 5).train.count == 4)
  }

  @Test func fewTakesAsManyOfEachClass() throws {
    let data = clusters(103, classes: 4, width: 3, seed: 1)
    let few = try data.few(perClass: 7, seed: 2)
    #expect(few.count == 28 && Set(few.ids).count == 28)
    #expect(Dictionary(grouping: few.classes) { $0 }.mapValues(\.count).values.allSatisfy { $0 == 7 })
    #expect(try data.few(perClass: 7, seed: 2).ids == few.ids)
    #expect(try data.few(perClass: 7, seed: 3).ids != few.ids)
    #expect(try data.few(perClass: 25, seed: 2).count == 100)
    #expect { try data.few(perClass: 26, seed: 2) } throws: { error in
      "\(error)"
        == "clusters: class \"class 3\" has 25 examples, --per-class asks for 26; the smallest class allows --per-class 25"
    }
  }

  @Test func imagesAreMatchedByID() throws {
    let data = clusters(20, classes: 2, width: 3, seed: 1)
    let shuffled = data.rows([3, 1, 2, 0] + Array(4..<20))
    #expect(try shuffled.ordered(as: data).ids == data.ids)
    #expect(try shuffled.ordered(as: data).features.values == data.features.values)
    func text(_ a: ProbeExamples, _ b: ProbeExamples) -> String {
      do { return "\(try a.ordered(as: b).count)" } catch { return "\(error)" }
    }
    #expect(
      text(data.rows(Array(0..<19)), data)
        == "clusters: there is no id image-19, which clusters has; a comparison needs the same images")
    #expect(
      text(data, data.rows(Array(0..<19)))
        == "clusters: has id image-19, which clusters does not; a comparison needs the same images")
    #expect(
      text(data.rows([0, 0]), data)
        == "clusters: id image-0 occurs twice; a comparison matches images by their ids")
    let relabelled = ProbeExamples(
      source: "other", ids: data.ids, classes: data.classes.reversed(), features: data.features, encoder: nil)
    #expect(text(relabelled, data) == "other: id image-0 has class \"class 1\", in clusters it has \"class 0\"")
  }

  @Test func impossibleProblemsAreRefused() throws {
    let data = clusters(20, classes: 4, width: 3, seed: 1)
    func text(_ train: ProbeExamples, _ test: ProbeExamples, _ probe: LinearProbe = LinearProbe()) -> String {
      do { return "\(try probe.run(train: train, test: test).top1)" } catch { return "\(error)" }
    }
    let one = data.rows([0, 4, 8, 12])
    #expect(
      text(one, one)
        == "clusters: all 4 training examples have class \"class 0\"; a probe needs at least two classes")
    #expect(
      text(data.rows([0, 1, 4, 5]), data)
        == "clusters: id image-2: class \"class 2\" has no example in the training data, which has 2 classes")
    #expect(Double(text(data, one)) != nil)  // a class that the test lacks is no harm
    #expect(
      text(data.rows([0, 1, 2, 3]), data)
        == "clusters: 4 training examples of 4 classes, one of each: none can be held out to choose C; "
        + "name one with --c, or choose on the test data with --select-on-test")
    #expect(Double(text(data.rows([0, 1, 2, 3]), data, LinearProbe(grid: [1]))) != nil)
    #expect(Double(text(data.rows([0, 1, 2, 3]), data, LinearProbe(selection: .test))) != nil)
    #expect(
      text(data, clusters(20, classes: 4, width: 5, seed: 1))
        == "clusters: \"features\" has width 5, in clusters it has 3")
    let other = ProbeExamples(
      source: "other", ids: data.ids, classes: data.classes, features: data.features, encoder: "ffff")
    #expect(
      text(data, other)
        == "other: its encoder is ffff, that of clusters is 0123456789abcdef; train and test need features of the same")
    #expect { try data.rows([0, 1, 2, 3, 4]).split(fraction: 0.5, seed: 1) } throws: { error in
      "\(error)"
        == "clusters: class \"class 1\" has 1 example (5 examples of 4 classes); --split needs at least 2 of each, "
        + "one to train on and one to test"
    }
  }

  @Test func classesAreInTheOrderOfTheirNumbersOrNames() {
    #expect(ClassList(["10", "9", "10", "0"]).names == ["0", "9", "10"])
    #expect(ClassList(["10", "9", "cat"]).names == ["10", "9", "cat"])
    #expect(ClassList(["01", "1"]).names == ["01", "1"])
  }
}
