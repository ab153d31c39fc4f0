// SPDX-License-Identifier: MIT
// What a log file holds after its run has gone on: each step's line once, and what is not this run's as it was.
import Failures
import Glibc
import StrictJSON
import TestSupport
import Testing

@testable import Examples
@testable import Inference
@testable import Objectives
@testable import Training

struct LogFileTests {
  private var state: RunState {
    var state = RunState(tool: "dpo-step", options: JSONObject(), initPath: "", initFingerprint: "f", input: .stream)
    (state.step, state.flatSteps) = (2, 1)
    return state
  }
  private var run: String { state.name(checkpoint: "a/enc.bin") }
  private func line(_ step: Int, _ rest: String = "", run: String? = nil) -> String {
    #"{"step":\#(step)\#(rest),"run":"\#(run ?? self.run)"}"#
  }

  /// The file's text and the notes after going on with `text` in it and writing "new".
  private func goOn(_ text: String) throws -> (text: String, notes: [String]) {
    try withTemporaryDirectory { folder in
      let path = folder + "/log.jsonl"
      try writeFile(path, text)
      var notes: [String] = []
      let log = try LogFile(path, of: run, goingOnFrom: state) { notes.append($0) }
      try log.append("new")
      try log.synchronize()
      return (String(decoding: try readFile(path), as: UTF8.self), notes)
    }
  }

  @Test func stepsThatWereTakenBackAreCutOff() throws {
    let kept = [line(1), line(2, #","skipped_steps":1"#)].joined(separator: "\n") + "\n"
    let (text, notes) = try goOn(kept + line(3) + "\n" + line(2, #","skipped":true,"skipped_steps":2"#) + "\n")
    #expect(text == kept + "new\n")
    #expect(notes.count == 1 && notes[0].contains("2 lines of steps that were taken back"), "\(notes)")
  }

  @Test func aLineThatAKillHasCutInTwoGoes() throws {
    let (text, notes) = try goOn(line(1) + "\n" + line(2).dropLast(4))
    #expect(text == line(1) + "\nnew\n")
    #expect(notes.count == 1 && notes[0].contains("1 line of steps"), "\(notes)")
  }

  @Test func linesOfOtherRunsStayWhereverTheyStand() throws {
    let foreign = line(9, run: "other") + "\n"
    let (text, notes) = try goOn(foreign + line(3) + "\n" + line(8, run: "other"))
    #expect(text == foreign + line(8, run: "other") + "\nnew\n")
    #expect(notes.count == 2 && notes[1].contains("2 lines of other runs") && notes[1].contains(run), "\(notes)")
    #expect(try goOn(foreign + line(8, run: "other")).text == foreign + line(8, run: "other") + "\nnew\n")
  }

  @Test func aRunIsNamedAfterHowItBeganAndItsCheckpoint() {
    #expect(state.name(checkpoint: "moved/enc.bin") == run)
    #expect(state.name(checkpoint: "a/other.bin") != run)
    var other = state
    other.options["lr"] = 1
    #expect(other.name(checkpoint: "a/enc.bin") != run)
    var later = state
    (later.step, later.reference) = (7, "r")
    #expect(later.name(checkpoint: "a/enc.bin") == run)
  }

  @Test func aFileThatIsNoLogIsLeftAlone() throws {
    for text in ["plain text\n", "{\"step\":1}\n\nnotes\n", "[1]\n", "\u{1}{}"] {
      try withTemporaryDirectory { folder in
        try writeFile(folder + "/notes", text)
        let error = #expect(throws: PlainFailure.self) {
          _ = try LogFile(folder + "/notes", of: run, goingOnFrom: state) { _ in }
        }
        #expect(error?.exitStatus == .usage && error?.description.contains("is no log") == true)
        #expect(try readFile(folder + "/notes") == Array(text.utf8))
      }
    }
  }

  @Test func aLinkStaysALinkAndItsFileItsPlace() throws {
    try withTemporaryDirectory { folder in
      try writeFile(folder + "/real.jsonl", line(3) + "\n" + line(8, run: "other") + "\n")
      symlink("real.jsonl", folder + "/log.jsonl")
      let log = try LogFile(folder + "/log.jsonl", of: run, goingOnFrom: state) { _ in }
      try log.append("new")
      #expect(try readFile(folder + "/real.jsonl") == Array((line(8, run: "other") + "\nnew\n").utf8))
      var status = stat()
      #expect(lstat(folder + "/log.jsonl", &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
    }
  }

  @Test func aLineThatCouldNotBeWrittenIsWrittenWhenTheRunGoesOn() throws {
    try withTemporaryDirectory { folder in
      let pairs = [fixture("parity/published/pairs.frames")]
      func train(_ log: String) throws {
        try runSteps(folder + "/a.bin", files: pairs) {
          $0.batchSize = 1
        } request: {
          $0.log = log
        }
      }
      let error = #expect(throws: PlainFailure.self) { try train("/dev/full") }
      #expect(error?.exitStatus == .ioError)
      try train(folder + "/log.jsonl")
      let lines = try String(decoding: readFile(folder + "/log.jsonl"), as: UTF8.self).split(separator: "\n")
      #expect(try lines.map { try JSONValue.parse(String($0))["step"]?.int } == [1, 2, 3])
      // The last step's too, once, however often the finished run is called.
      func trainOnce(_ log: String) throws {
        try runSteps(folder + "/b.bin", files: pairs) {
          $0.batchSize = 3
        } request: {
          $0.log = log
        }
      }
      #expect(throws: PlainFailure.self) { try trainOnce("/dev/full") }
      for _ in 0..<3 { try trainOnce(folder + "/once.jsonl") }
      #expect(try readFile(folder + "/once.jsonl").count { $0 == 0x0A } == 1)
    }
  }

  @Test func aLogThatFitsIsOnlyAppendedTo() throws {
    let (text, notes) = try goOn(line(1) + "\n" + line(2) + "\n")
    #expect(text == line(1) + "\n" + line(2) + "\nnew\n")
    #expect(notes.isEmpty)
    #expect(try goOn("").text == "new\n")
  }

  @Test func aFolderThatIsNotThereIsSaidBeforeTheFirstStep() throws {
    let error = #expect(throws: PlainFailure.self) {
      try runSteps("/tmp/never-written.bin") {
        $0.steps = 1
      } request: {
        $0.log = "/no/such/folder/log.jsonl"
      }
    }
    #expect(error?.exitStatus == .cannotCreate && error?.description.hasPrefix("--log /no/such") == true)
  }
}
