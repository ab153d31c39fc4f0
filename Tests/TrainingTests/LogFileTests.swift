// SPDX-License-Identifier: MIT
// What a log file holds after its run has gone on: each step's line once, and what is not this run's as it was.
import Failures
import StrictJSON
import TestSupport
import Testing

@testable import Training

struct LogFileTests {
  private var state: RunState {
    var state = RunState(tool: "dpo-step", options: JSONObject(), initPath: "", initFingerprint: "f", input: .stream)
    (state.step, state.flatSteps) = (2, 1)
    return state
  }
  private func line(_ step: Int, _ rest: String = "", run: String? = nil) -> String {
    #"{"step":\#(step)\#(rest),"run":"\#(run ?? state.run)"}"#
  }

  /// The file's text and the notes after going on with `text` in it and writing "new".
  private func goOn(_ text: String) throws -> (text: String, notes: [String]) {
    try withTemporaryDirectory { folder in
      let path = folder + "/log.jsonl"
      try writeFile(path, text)
      var notes: [String] = []
      let log = try LogFile(path, goingOnFrom: state) { notes.append($0) }
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
    let foreign = line(9, run: "other") + "\nplain text\n"
    let (text, notes) = try goOn(foreign + line(3) + "\n" + line(8, run: "other"))
    #expect(text == foreign + line(8, run: "other") + "\nnew\n")
    #expect(notes.count == 2 && notes[1].contains("3 lines of other runs") && notes[1].contains(state.run), "\(notes)")
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
