// SPDX-License-Identifier: MIT
// What docs/CHECKPOINTS.md shows is what happens.
import TestSupport
import Testing

@Suite struct CheckpointPageTests {
  /// Runs each line after "    $ " and compares what it prints with the lines below it.
  @Test func theCommandsOfThePagePrintWhatThePageSays() throws {
    let page = String(decoding: try readFile(repositoryRoot + "/docs/CHECKPOINTS.md"), as: UTF8.self)
    try withTemporaryDirectory { folder in
      var commands: [(line: String, expected: [String])] = []
      for line in page.split(separator: "\n").map(String.init) where line.hasPrefix("    ") {
        if line.hasPrefix("    $ ") {
          commands.append((String(line.dropFirst(6)), []))
        } else if !commands.isEmpty {
          commands[commands.count - 1].expected.append(String(line.dropFirst(4)))
        }
      }
      #expect(commands.count == 7)
      for (line, expected) in commands {
        let result = try runPipeline(line, in: folder)
        #expect(result.status == 0 && result.stderr.isEmpty, "\(line): \(result.stderr)")
        #expect(result.lines == expected, "\(line)")
      }
    }
  }

  /// What the tools write loads in transformers and gives the same numbers, where Python has it.
  @Test func whatIsWrittenLoadsInTransformers() throws {
    guard try runPipeline("python3 -c 'import torch, transformers, safetensors'").status == 0 else { return }
    try withTemporaryDirectory { folder in
      let model = fixture("models/transformers5")
      let check = "python3 \(fixture("check_written.py"))"
      for line in [
        "ckpt detach vision \(model) vision && \(check) vision vision --of \(model)",
        "ckpt convert --dtype f32 \(model) one.bin && \(check) same one.bin \(model)",
        "ckpt new --preset mini new && \(check) model new",
      ] {
        let result = try runPipeline(line, in: folder)
        #expect(result.status == 0 && result.text.contains("ok: "), "\(line): \(result.stderr)")
      }
    }
  }
}
