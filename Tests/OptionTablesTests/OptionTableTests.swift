// SPDX-License-Identifier: MIT
// A table of options is all that the command line, the checks and the training state need.
import ArgumentParser
import OptionTables
import StepSupport
import StrictJSON
import Testing

/// A made-up objective's options.
struct HeadTable: OptionTable {
  static let table = HeadTable()

  let rate: Setting<Double> = .init(
    "value-rate", "Learning rate of the head (default: {default}).", valueName: "rate", default: 1e-4, check: .positive,
    record: .always(place: 1))
  let layers: Setting<Int> = .init(
    "head-layers", "Layers of the head (default: {default}).", default: 2, check: .positive)
  let width: OpenSetting<Int> = .init(
    "head-width", "Width of the head (default: the model's).",
    check: { width, values in
      width < values.layers ? " \(width): is below --head-layers" : nil
    }, openMeans: "the model's")
  let clip: Setting<Double> = .init(
    "value-clip", "Clip (default: {default}).", resolved: { 10 * $0.rate }, record: .when(place: 2) { $0.isClipped })
  let isClipped: Setting<Bool> = .init("clipped", "Clip the values (default: {default}).", default: false)
  let verbose: Setting<Bool> = .init("tell", "Tell.", default: false, hasNegation: false, record: .never)
}

struct HeadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "head-step")
  @OptionGroup var own: TableArguments<HeadTable>
}

@Suite struct OptionTableTests {
  private func values(_ arguments: String...) throws -> OptionValues<HeadTable> {
    try HeadCommand.parse(arguments).own.values
  }

  @Test func theCommandLineIsTheTables() throws {
    let given = try values("--value-rate", "0.5", "--head-width=7", "--clipped", "--tell")
    #expect(given.rate == 0.5 && given.width == 7 && given.isClipped && given.verbose)
    #expect(given.layers == 2 && given.clip == 5)
    #expect(try !values("--no-clipped").isClipped)
    #expect(throws: (any Error).self) { try values("--head-layers", "two") }
    #expect(throws: (any Error).self) { try values("--no-tell") }
    let help = HeadCommand.helpMessage(columns: 200)
    let rows = help.split(separator: "\n").map {
      $0.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }
    #expect(rows.contains("--value-rate <rate> Learning rate of the head (default: 1e-4)."), "\(help)")
    #expect(rows.contains("--clipped/--no-clipped Clip the values (default: no)."), "\(help)")
    #expect(rows.contains("--tell Tell."), "\(help)")
  }

  /// Even a value that is the default: a preset says something else.
  @Test func whatIsGivenGoesFirst() throws {
    var preset = OptionValues<HeadTable>()
    (preset.isClipped, preset.layers, preset.width) = (true, 5, 9)
    let run = try values("--no-clipped", "--head-layers", "3").or(preset)
    #expect(!run.isClipped && run.layers == 3 && run.width == 9 && run.rate == 1e-4)
  }

  @Test func theFirstProblemIsNamed() throws {
    #expect(try values().problem == nil)
    #expect(try values("--value-rate", "0").problem == "--value-rate 0.0: must be a number above 0")
    #expect(try values("--head-layers", "9", "--head-width", "8").problem == "--head-width 8: is below --head-layers")
  }

  @Test func theStateKeepsWhatHasAMeaningInItsPlace() throws {
    func text(_ values: OptionValues<HeadTable>) -> String {
      values.record.map { "\($0.name) \($0.value.text())" }.joined(separator: ", ")
    }
    #expect(
      try text(values("--tell")) == "head-layers 2, head-width \"the model's\", clipped false, value-rate 0.0001")
    #expect(
      try text(values("--clipped", "--head-width", "4"))
        == "head-layers 2, head-width 4, clipped true, value-rate 0.0001, value-clip 0.001")
  }

  @Test(arguments: [(0.1, "0.1"), (0, "0"), (1e-4, "1e-4"), (2.5e-3, "0.0025"), (1e-6, "1e-6"), (10_000, "10000")])
  func numbersAreWrittenAsAHelpTextSaysThem(value: Double, text: String) {
    #expect(value.helpText == text)
  }
}
