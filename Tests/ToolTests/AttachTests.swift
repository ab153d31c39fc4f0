// SPDX-License-Identifier: MIT
// ckpt attach as a user runs it, and what the other tools make of its models.
import Checkpoints
import StrictJSON
import TensorStream
import TestSupport
import Testing

@Suite struct AttachTests {
  private let files = ParityFiles()

  private func make(_ line: String, in folder: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let result = try runPipeline(line, in: folder)
    #expect(result.status == 0, "\(line): \(result.ending)", sourceLocation: sourceLocation)
  }

  private func changes(_ a: String, _ b: String, in folder: String) throws -> [String: Int] {
    let json = try JSONValue.parse(runTool("ckpt", ["diff", "--json", "--tensors", a, b], in: folder).stdout)
    #expect(json["only_in_first"] == [] && json["only_in_second"] == [] && json["reshaped"] == [])
    var changed: [String: Int] = [:]
    for tensor in json["tensors"]?.array ?? [] where tensor["changed_values"] != 0 {
      changed[tensor["name"]?.string ?? ""] = tensor["changed_values"]?.int
    }
    return changed
  }

  @Test func detachAndAttachAreARoundTrip() throws {
    try withTemporaryDirectory { folder in
      try make(
        "ckpt new --preset mini --seed 1 a && ckpt detach vision a v && ckpt detach projector a p.bin", in: folder)
      let run = try runPipeline("ckpt attach --verbose --vision v --projector p.bin --llm a b.bin", in: folder)
      #expect(run.status == 0 && run.stdout.isEmpty)
      #expect(run.stderr.hasPrefix("ckpt: b.bin: vision of v, projector of p.bin, LLM of a, "), "\(run.ending)")
      #expect(try changes("a", "b.bin", in: folder).isEmpty)
      let shown = try ["a", "b.bin"].map {
        try JSONValue.parse(runTool("ckpt", ["show", "--json", $0], in: folder).stdout)
      }
      #expect(shown[0]["encoder"] == shown[1]["encoder"] && shown[0]["reference"] == shown[1]["reference"])
      #expect(shown[0]["encoder"] != nil && shown[0]["files"] == shown[1]["files"])
      // Another seed, another projector; the same seed, the same one.
      try make(
        """
        for seed in 1 2; do ckpt attach --vision v --llm a --seed $seed new-$seed.bin; done
        ckpt attach --vision v --llm a --seed 2 again.bin && cmp new-2.bin again.bin
        """, in: folder)
      #expect(try changes("a", "new-1.bin", in: folder).isEmpty)
      let other = try changes("a", "new-2.bin", in: folder)
      #expect(Set(other.keys) == ["multi_modal_projector.linear_1.weight", "multi_modal_projector.linear_2.weight"])
    }
  }

  @Test(arguments: ["deep.bin", "deep"])
  func onlyTheNewLayersTrain(deep: String) throws {
    let base = files.checkpoint
    let llm = fixture("models/transformers5")  // another width
    try withTemporaryDirectory { folder in
      let attached = try runPipeline(
        "ckpt attach --vision \(base) --projector \(base) --projector-layers 2+1 --llm \(llm) --seed 3 \(deep)",
        in: folder)
      #expect(attached.status == 0)
      #expect(
        attached.stderr
          == "ckpt: the projector has 3 linear layers (2 kept, 1 new) of widths 16, 16, 18: transformers' "
          + "LlavaForConditionalGeneration builds two of width 18 and leaves the rest out: only these tools run this model\n"
      )
      let show = try runTool("ckpt", ["show", deep], in: folder)
      #expect(show.text.contains("projector gelu, widths [16,16,18], old layers 2, "))
      // Features are those of the encoder's own model; scores come, and a copy in another form gives the same ones.
      try make(
        """
        encode --ckpt \(base) --drop patches \(files.pairs) > features
        score --ckpt \(deep) \(files.pairs) > scored && score --ckpt \(deep) features > cached
        ckpt convert \(deep) copy.bin && ckpt convert copy.bin copy && score --ckpt copy features > copied
        cmp cached copied
        """, in: folder)
      let (scored, cached) = (try read(readFile(folder + "/scored")), try read(readFile(folder + "/cached")))
      #expect(scored.map { $0.tensors["logp_chosen"] } == cached.map { $0.tensors["logp_chosen"] } && scored.count == 3)
      let train = "--init \(deep) --lr 1e-2 --warmup 0 --schedule constant --epochs 2 --batch-size 2"
      for out in ["new.bin", "new"] {
        try make("sft-step --ckpt \(out) --train projector.new \(train) features > log.jsonl", in: folder)
        let changed = try changes(deep, out, in: folder)
        #expect(Set(changed.keys) == ["multi_modal_projector.linear_3.weight", "multi_modal_projector.linear_3.bias"])
      }
      try make("sft-step --ckpt all.bin --train projector \(train) features > log.jsonl", in: folder)
      #expect(try Set(changes(deep, "all.bin", in: folder).keys).count == 6)
      try make("sft-step --ckpt both.bin --train projector.new,llm \(train) features > log.jsonl", in: folder)
      let both = try Set(changes(deep, "both.bin", in: folder).keys)
      #expect(both.filter { $0.hasPrefix("multi_modal_projector.") }.count == 2 && both.count > 20)
      // It is an option that changes numbers.
      let other = try runPipeline("sft-step --ckpt new.bin --train projector \(train) features", in: folder)
      #expect(
        other.status == 64
          && other.stderr.hasPrefix("sft-step: --train projector: the run in new.bin has projector.new; "),
        "\(other.ending)")
    }
  }

  @Test func newLayersMustBeThere() throws {
    try withTemporaryDirectory { folder in
      let run = try runPipeline(
        "sft-step --ckpt x.bin --init \(files.checkpoint) --train projector.new \(files.pairs)", in: folder)
      #expect(run.status == 64)
      #expect(
        run.stderr
          == "sft-step: --train projector.new: the projector of \(files.checkpoint) has no layers behind older ones (ckpt "
          + "attach --projector-layers adds some); --train projector trains all of it\n")
      for parts in ["projector,projector.new", "projector.old", "new"] {
        let wrong = try runTool("sft-step", ["--ckpt", "x.bin", "--train", parts], in: folder)
        #expect(wrong.status == 64 && wrong.stderr.contains("'\(parts)' is invalid for '--train"), "\(wrong.ending)")
      }
      #expect(try runPipeline("ls -A", in: folder).lines.filter { $0.hasSuffix(".bin") } == [])
    }
  }

  @Test func mistakesHaveOneLineAndAStatus() throws {
    try withTemporaryDirectory { folder in
      try make("ckpt new --preset mini --seed 1 a.bin && ckpt detach vision a.bin v.bin", in: folder)
      let cases: [(arguments: String, status: Int32, line: String)] = [
        (
          "--vision v.bin --projector-layers 2+1 --llm a.bin x", 64,
          "--projector-layers says what is kept of --projector, which is missing (see ckpt --help)"
        ),
        (
          "--vision v.bin --projector a.bin --projector-layers 0+1 --llm a.bin x", 64,
          "The value '0+1' is invalid for '--projector-layers <kept+new>' (see ckpt --help)"
        ),
        (
          "--vision v.bin --llm v.bin x", 65,
          "v.bin: has no Qwen2 or Llama language model (model_type \"siglip_vision_model\")"
        ),
        ("--vision v.bin --llm a.bin a.bin", 73, "a.bin: exists already"),
        (
          "--vision v.bin --feature-layer 9 --llm a.bin x", 64,
          "v.bin: vision_feature_layer is 9, and the encoder has 5 layers"
        ),
        (
          "--vision none --llm a.bin x", 66,
          "none: no such file or directory; a checkpoint is a Hugging Face directory or one safetensors file"
        ),
        ("--vision v.bin x", 64, "Missing expected argument '--llm <checkpoint>' (see ckpt --help)"),
      ]
      for (arguments, status, line) in cases {
        let run = try runPipeline("ckpt attach \(arguments)", in: folder)
        #expect(
          run.status == status && run.stderr == "ckpt: \(line)\n" && run.stdout.isEmpty, "\(arguments): \(run.ending)")
      }
      #expect(try runPipeline("ls", in: folder).lines == ["a.bin", "v.bin"])
    }
  }
}
