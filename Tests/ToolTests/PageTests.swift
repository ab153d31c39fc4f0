// SPDX-License-Identifier: MIT
// Every command of README.md, of docs and of the tools' --help works when it is pasted, in the order of its page.
import TestSupport
import Testing

@Suite struct PageTests {
  /// What a page's commands find, and what keeps one of them from being run as it stands. Whatever is named here must be on the page.
  private struct Setting {
    /// Bash that is run before the page's first command, for what the page does not make itself.
    var prelude = ""
    /// Smaller numbers for a command's own.
    var smaller: [(from: String, to: String)] = []
    /// Environment variables that make a pipeline small.
    var knobs: [String: String] = [:]
    /// Commands that are not run, by name, and why.
    var notRun: [String: String] = [:]
    /// Commands that are run only where this bash succeeds.
    var needs: [String: String] = [:]
    /// A command that stands before what it needs, and the one behind which the page sends its reader to paste it.
    var later: (command: String, behind: String)?
  }

  private static let safetensors = "python3 -c 'import numpy, safetensors'"
  private static let readOne =
    #"python3 -c 'from safetensors.numpy import load_file; print(load_file("one.safetensors")["prompt"])'"#

  /// A folder as somebody has it who has pasted README's main job and has data of their own: the
  /// names that docs and --help use.
  private let workspace = """
    ckpt convert --quiet --dtype f32 pipelines/base.safetensors base && cp pipelines/base.safetensors policy.bin
    ln -s base Qwen2.5-1.5B-Instruct
    miniworld --quiet --scenes 24 --questions 2 --seed 1 world
    for kind in pairs captions; do sed 's|images/|world/images/|' world/$kind.jsonl > $kind.jsonl; done
    sed 's|images/|world/images/|; s/^{/{"reward":"exact",/' world/choices.jsonl | tee bench.jsonl test.jsonl > vqa.jsonl
    sed 's|images/|world/images/|' world/qa.jsonl > instructions.jsonl
    sed 's|images/|world/images/|' world/labels.jsonl | tee images.jsonl |
      sed 's/.*"image":"\\(.*\\)","label".*"class":"\\(.*\\)"}/\\1 \\2/' | while read -r image class; do
        mkdir -p "flowers/train/$class" && cp "$image" "flowers/train/$class/"
      done
    export PIVOT_CKPT=base
    imgtok --quiet pairs.jsonl > pairs && score --quiet pairs > pairs.scored && imgtok --quiet vqa.jsonl > prompts
    dpo-step --quiet --ckpt enc.bin < pairs.scored > log.jsonl
    """

  private static let readme = Setting(
    smaller: [
      ("--scenes 64", "--scenes 16"), ("--scenes 4000", "--scenes 12"), ("--scenes 600", "--scenes 4"),
      ("PROMPTS=128", "PROMPTS=8"), ("ROUNDS=40", "ROUNDS=2"), ("round-40", "round-2"),
    ],
    knobs: [
      "TRAIN_SCENES": "60", "VAL_SCENES": "4", "TEST_SCENES": "8", "PROBE_SCENES": "60", "EPOCHS": "1",
      "SFT_RATES": "1e-5", "DPO_RATES": "1e-5",
    ],
    notRun: ["pipelines/test": "runs this test"],
    needs: [readOne: safetensors],
    later: ("cat pairs | encode | dpo-step --ckpt enc.bin", "frames ls pairs | head -n 3"))

  private static let docs: [String: Setting] = [
    "EVALUATION.md": Setting(
      prelude: """
        for name in mmvp chartqa pope mine; do sed "s/^{/{\\"benchmark\\":\\"$name\\",/" vqa.jsonl > $name.jsonl; done
        printf 'Index,Question,Options,Correct Answer\\n%s\\n%s\\n' '1,One?,(a) Yes (b) No,(a)' '2,Two?,(a) Yes (b) No,(b)' > Questions.csv
        mkdir 'MMVP Images' && for n in 1 2; do cp Tests/Fixtures/images/rgb.jpg "MMVP Images/$n.jpg"; done
        """,
      needs: ["pipelines/convert mmvp Questions.csv --images 'MMVP Images' > mmvp.jsonl": "python3 --version"]),
    "MANIFESTS.md": Setting(prelude: "mkdir photos && ln -s ../world photos && cp vqa.jsonl more.jsonl"),
    "MINIWORLD.md": Setting(
      prelude: "rm -r world", smaller: [("--scenes 500", "--scenes 16")],
      knobs: [
        "BATCH": "24", "CALL": "2", "SCENES": "12", "POINT_STEPS": "2", "ANSWER_STEPS": "2", "TEST_SCENES": "4",
      ]),
    "PROBES.md": Setting(
      prelude: """
        for arm in dpo sft; do imgtok images.jsonl | encode --drop patches > $arm.features; done
        """),
    "SAMPLING.md": Setting(
      prelude: "ckpt convert --quiet --dtype bf16 base base16.bin && frames head -n 1 prompts > prompt"),
    "TRAINING.md": Setting(prelude: "rm policy.bin"),
  ]

  private static let help: [String: Setting] = [
    "frames cat": Setting(prelude: "cp pairs a.frames && cp prompts b.frames"),
    "frames stats": Setting(prelude: "cp pairs a.frames"),
    "grpo-step": Setting(prelude: "rm policy.bin"),
    "miniworld": Setting(prelude: "rm -r world", smaller: [("--scenes 500", "--scenes 16")]),
    "probe linear": Setting(
      prelude: "for arm in dpo sft; do imgtok images.jsonl | encode --drop patches > $arm.features; done"),
    "reward": Setting(prelude: "sample --quiet -n 2 prompts > rollouts"),
    "ckpt new": Setting(prelude: "rm -r base"),
    "ckpt attach": Setting(
      prelude: "imgtok --template plain captions.jsonl | encode --ckpt enc.bin --drop patches > captions.features"),
  ]

  /// Pages whose sessions ("$ " and what is printed) are run by a test that also compares what is printed.
  private static let compared = ["CHECKPOINTS.md", "STREAM.md"]

  private let tools: [String]

  init() throws { tools = try runPipeline("ls '\(repositoryRoot)/Tools'").lines }

  private func page(_ path: String) throws -> String {
    String(decoding: try readFile(repositoryRoot + "/" + path), as: UTF8.self)
  }

  @Test func theREADME() throws {
    let commands = shellCommands(inMarkdown: try page("README.md"), tools: tools)
    #expect(commands.count >= 30)
    try withTemporaryDirectory { folder in try run(commands, Self.readme, of: "README.md", in: folder) }
  }

  @Test func docs() throws {
    let pages = try runPipeline("cd '\(repositoryRoot)/docs' && ls *.md").lines
    for name in Self.docs.keys { #expect(pages.contains(name), "no page docs/\(name)") }
    try withWorkspace { workspace in
      var count = 0
      for name in pages {
        let commands = shellCommands(inMarkdown: try page("docs/" + name), tools: tools)
        let pasted = commands.filter { !$0.isSession }
        #expect(pasted.count == commands.count || Self.compared.contains(name), "docs/\(name): who runs its sessions?")
        try runInCopy(of: workspace, pasted, Self.docs[name] ?? Setting(), of: "docs/" + name)
        count += pasted.count
      }
      #expect(count >= 35)
    }
  }

  @Test func help() throws {
    var names = tools
    for tool in tools {
      let text = try runTool(tool, ["--help"]).text
      names += text.split(separator: "SUBCOMMANDS:\n").dropFirst().joined().split(separator: "\n")
        .prefix { $0.hasPrefix("  ") }.filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") && !$0.contains("See '") }
        .map { "\(tool) \($0.split(separator: " ")[0])" }
    }
    for name in Self.help.keys { #expect(names.contains(name), "no tool \(name)") }
    #expect(names.count >= 28)
    try withWorkspace { workspace in
      for name in names {
        let words = name.split(separator: " ").map(String.init)
        let (commands, broken) = shellCommands(inHelp: try runTool(words[0], words.dropFirst() + ["--help"]).text)
        #expect(!commands.isEmpty, "\(name) --help has no example")
        #expect(broken.isEmpty, "\(name) --help breaks an example: \(broken)")
        try runInCopy(of: workspace, commands, Self.help[name] ?? Setting(), of: name + " --help")
      }
    }
  }

  @Test func whatACommandIs() {
    let page = """
      Prose with `ckpt show`.

          A=1 ckpt new x |
            cat      # makes x

          # a comment
          ls x \\
            y
          z = W·x

      More prose.

          z = W·x

      ```python
      import os
      ```
      ```sh
      unheard-of | score
      ```

          $ ckpt show x
          ckpt: no x
      """
    let commands = shellCommands(inMarkdown: page, tools: ["ckpt", "score"])
    #expect(
      commands.map(\.name) == ["A=1 ckpt new x | cat", "ls x y", "z = W·x", "unheard-of | score", "ckpt show x"])
    #expect(commands.map(\.isSession) == [false, false, false, false, true])
    let help = shellCommands(inHelp: "Example: a\nlong title\n  a | \\\n    b\nExample:\n  c > d\ne\n\nUSAGE: f\n  g\n")
    #expect(help.commands.map(\.text) == ["a | \\\n  b", "c > d"] && help.broken == ["e"])
  }

  // MARK: Running

  private func withWorkspace(_ body: (String) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let made = try bash(workspace, in: folder)
      #expect(made.status == 0, "\(made.ending)")
      try body(folder)
    }
  }

  private func runInCopy(of workspace: String, _ commands: [ShellCommand], _ setting: Setting, of page: String) throws {
    if commands.isEmpty { return }
    var setting = setting
    setting.prelude = "export PIVOT_CKPT=base\n" + setting.prelude
    try withTemporaryDirectory { folder in
      _ = try runPipeline("cp -a '\(workspace)'/. .", in: folder)
      try run(commands, setting, of: page, in: folder)
    }
  }

  /// Runs the commands in one shell, as somebody who pastes one after the other, and records the one that fails.
  private func run(_ commands: [ShellCommand], _ setting: Setting, of page: String, in folder: String) throws {
    var commands = commands
    let names = Set(commands.map(\.name))
    let named =
      Array(setting.notRun.keys) + setting.needs.keys
      + [setting.later?.command, setting.later?.behind].compactMap(\.self)
    for name in named { #expect(names.contains(name), "\(page) has no command \(name)") }
    for (from, _) in setting.smaller {
      #expect(commands.contains { $0.text.contains(from) }, "\(page) has no command with \(from)")
    }
    commands.removeAll { setting.notRun.keys.contains($0.name) }
    try commands.removeAll { command in
      try setting.needs[command.name].map { try runPipeline($0).status != 0 } ?? false
    }
    if let (command, behind) = setting.later, let from = commands.firstIndex(where: { $0.name == command }) {
      let moved = commands.remove(at: from)
      let to = try #require(commands.firstIndex { $0.name == behind })
      commands.insert(moved, at: to + 1)
    }
    for index in commands.indices {
      for (from, to) in setting.smaller { commands[index].text.replace(from, with: to) }
    }
    let script =
      setting.prelude + "\n"
      + commands.enumerated().map { "at=\($0)\n\($1.text)\n" }.joined()
    let result = try bash(script, in: folder, setting.knobs)
    if result.status == 0 { return }
    let messages = result.stderr.split(separator: "\n")
    let at = messages.last.flatMap { $0.hasPrefix("at ") ? Int($0.dropFirst(3)) : nil }
    let said = messages.dropLast().suffix(3).joined(separator: "\n")
    Issue.record("\(page): \(at.map { commands[$0].text } ?? "its prelude"): status \(result.status): \(said)")
  }

  /// A shell that stops at the first failure and says where, in a folder where `pipelines` is as in the repository's root.
  private func bash(_ script: String, in folder: String, _ knobs: [String: String] = [:]) throws -> ToolResult {
    var environment: [String: String?] = knobs.mapValues { $0 }
    environment["PIVOT_BIN"] = productsFolder
    return try runPipeline(
      """
      set -eu
      for part in pipelines Tests; do [[ -e $part ]] || ln -s '\(repositoryRoot)'/$part $part; done
      at=
      trap 's=$?; ((s == 0)) || echo "at $at" >&2' EXIT
      \(script)
      """, environment: environment, in: folder)
  }
}
