// SPDX-License-Identifier: MIT
// An option, described once: what it is called, what it does, what it is worth where nobody gives it, which values make no
// sense, and where the training state keeps it. Command line, presets, checks and records all read this.
import StrictJSON

/// One option of the table `Table`. `Given` is what a user types, `Value` what the program reads: the same where there is a
/// default, else `Given?`.
public struct OptionDescription<Table: OptionTable, Given: OptionValue, Value: OptionValue>: Sendable {
  public typealias Values = OptionValues<Table>

  /// Without dashes: "label-smoothing". The key in the training state too.
  public let name: String
  public let help: String
  /// What the help calls its value; nil: by the option's name.
  public let valueName: String?
  /// A switch has a negation, --no-NAME, so that what a preset says can be taken back.
  public let hasNegation: Bool
  let fallback: @Sendable (Values) -> Value
  let check: @Sendable (Given, Values) -> String?
  let record: OptionRecord<Table>
  /// What the training state says where the option is open; nil: null.
  let openMeans: String?

  /// An option with a default.
  ///
  /// - Parameters:
  ///   - help: "{default}" stands for the default's text.
  ///   - check: what is wrong with a value, to be read after the option's name, " 0.0: must be …"; nil: nothing.
  ///   - record: whether the training state keeps it: another value in a resumed run is refused then.
  public init(
    _ name: String, _ help: String, valueName: String? = nil, default fallback: Given, check: OptionCheck<Given> = .any,
    hasNegation: Bool = true, record: OptionRecord<Table> = .always
  ) where Value == Given {
    self.init(
      name, help, valueName: valueName, default: fallback, check: { value, _ in check(value) },
      hasNegation: hasNegation,
      record: record)
  }

  /// An option with a default whose check looks at others.
  public init(
    _ name: String, _ help: String, valueName: String? = nil, default fallback: Given,
    check: @escaping @Sendable (Given, Values) -> String?, hasNegation: Bool = true,
    record: OptionRecord<Table> = .always
  ) where Value == Given {
    self.init(
      name, help.replacing("{default}", with: fallback.helpText), valueName, fallback: { _ in fallback }, check, record,
      hasNegation: hasNegation)
  }

  /// An option whose default depends on others.
  public init(
    _ name: String, _ help: String, valueName: String? = nil, resolved fallback: @escaping @Sendable (Values) -> Given,
    check: OptionCheck<Given> = .any, record: OptionRecord<Table> = .always
  ) where Value == Given {
    self.init(name, help, valueName, fallback: fallback, { value, _ in check(value) }, record)
  }

  /// An option that may be left open.
  ///
  /// - Parameter openMeans: what the training state says then; nil: null.
  public init(
    _ name: String, _ help: String, valueName: String? = nil,
    check: @escaping @Sendable (Given, Values) -> String? = { _, _ in nil }, openMeans: String? = nil,
    record: OptionRecord<Table> = .always
  ) where Value == Given? {
    self.init(name, help, valueName, fallback: { _ in nil }, check, record, openMeans: openMeans)
  }

  private init(
    _ name: String, _ help: String, _ valueName: String?, fallback: @escaping @Sendable (Values) -> Value,
    _ check: @escaping @Sendable (Given, Values) -> String?, _ record: OptionRecord<Table>, hasNegation: Bool = true,
    openMeans: String? = nil
  ) {
    self.name = name
    self.help = help
    self.valueName = valueName
    self.fallback = fallback
    self.check = check
    self.record = record
    self.hasNegation = hasNegation
    self.openMeans = openMeans
  }
}

/// Which values of an option make no sense, whatever the others are.
public struct OptionCheck<Given>: Sendable {
  let problem: @Sendable (Given) -> String?

  /// - Parameter problem: see `OptionDescription.init`.
  public init(_ problem: @escaping @Sendable (Given) -> String?) { self.problem = problem }

  public static var any: Self { Self { _ in nil } }

  /// For a check that looks at other options too.
  public func callAsFunction(_ value: Given) -> String? { problem(value) }
}

extension OptionCheck where Given == Double {
  public static var positive: Self {
    Self { $0 > 0 && $0.isFinite ? nil : " \($0): must be a number above 0" }
  }
  public static var notNegative: Self {
    Self { $0 >= 0 && $0.isFinite ? nil : " \($0): must be 0 or more" }
  }
}

extension OptionCheck where Given == Int {
  public static var positive: Self { Self { $0 >= 1 ? nil : " \($0): must be 1 or more" } }
}

/// When the training state keeps an option, and in which place: what must be the same when a run is resumed.
public struct OptionRecord<Table: OptionTable>: Sendable {
  let place: Int
  let isKept: @Sendable (OptionValues<Table>) -> Bool

  /// In the order of the table.
  public static var always: Self { always(place: 0) }
  /// Changes no number.
  public static var never: Self { Self(place: 0) { _ in false } }
  /// - Parameter place: options of a lower place go first.
  public static func always(place: Int) -> Self { Self(place: place) { _ in true } }
  /// Only where it has a meaning.
  public static func when(place: Int = 1, _ isKept: @escaping @Sendable (OptionValues<Table>) -> Bool) -> Self {
    Self(place: place, isKept: isKept)
  }
}

/// An option of a table whatever its type.
public protocol OptionEntry<Table>: Sendable {
  associatedtype Table: OptionTable
  associatedtype Given: OptionValue
  var name: String { get }
  var help: String { get }
  var valueName: String? { get }
  var hasNegation: Bool { get }
  /// Where the state keeps it; lower ones go first.
  var place: Int { get }
  /// What is wrong with its value, in the words of the command line; nil: nothing.
  func problem(in values: OptionValues<Table>) -> String?
  /// What the training state keeps of it; nil: nothing.
  func recorded(in values: OptionValues<Table>) -> JSONValue?
  /// What the training state would keep if nobody had given it.
  func recordedDefault(in values: OptionValues<Table>) -> JSONValue
}

extension OptionDescription: OptionEntry {
  public var place: Int { record.place }

  public func problem(in values: OptionValues<Table>) -> String? {
    // What nobody gave and has no default cannot be wrong.
    guard let value = values.value(of: self) as Any as? Given else { return nil }
    return check(value, values).map { "--\(name)\($0)" }
  }

  public func recorded(in values: OptionValues<Table>) -> JSONValue? {
    record.isKept(values) ? written(values.value(of: self)) : nil
  }

  public func recordedDefault(in values: OptionValues<Table>) -> JSONValue { written(fallback(values)) }

  private func written(_ value: Value) -> JSONValue {
    let json = value.json
    return json.isNull ? openMeans.map { .string($0) } ?? .null : json
  }
}
