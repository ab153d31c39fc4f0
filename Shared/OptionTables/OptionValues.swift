// SPDX-License-Identifier: MIT
// Values of the options of a table: what was given, and the defaults for the rest.
import StrictJSON

/// Options that belong together. A type whose stored properties are `OptionDescription`s, in the order of the help:
///
///     public struct DPOTable: OptionTable {
///       public static let table = DPOTable()
///       public let beta: Setting<Double> = .init("beta", "How far … (default: {default}).", default: 0.1, check: .positive)
///     }
///
/// Its `OptionValues` then have `beta`.
public protocol OptionTable: Sendable {
  static var table: Self { get }
}

extension OptionTable {
  /// An option with a default.
  public typealias Setting<Value: OptionValue> = OptionDescription<Self, Value, Value>
  /// An option that may be left open.
  public typealias OpenSetting<Value: OptionValue> = OptionDescription<Self, Value, Value?>

  /// All options, in the order of the table.
  public static var entries: [any OptionEntry<Self>] {
    Mirror(reflecting: table).children.compactMap { $0.value as? any OptionEntry<Self> }
  }
}

/// What was given of the options of a table. Reading an option that was not given yields its default.
@dynamicMemberLookup
public struct OptionValues<Table: OptionTable>: Sendable {
  private var given: [String: any OptionValue] = [:]

  public init() {}

  public subscript<Value>(dynamicMember path: KeyPath<Table, OptionDescription<Table, Value, Value>>) -> Value {
    get { value(of: Table.table[keyPath: path]) }
    set { given[Table.table[keyPath: path].name] = newValue }
  }

  /// Setting nil takes the value back.
  public subscript<Value>(dynamicMember path: KeyPath<Table, OptionDescription<Table, Value, Value?>>) -> Value? {
    get { value(of: Table.table[keyPath: path]) }
    set { given[Table.table[keyPath: path].name] = newValue.map { $0 as any OptionValue } }
  }

  /// The values that are given here, and `other`'s for the rest.
  public func or(_ other: Self) -> Self {
    var result = self
    result.given.merge(other.given) { own, _ in own }
    return result
  }

  /// What the command line gave for an option of the table.
  public mutating func give<Entry: OptionEntry<Table>>(_ value: Entry.Given, to option: Entry) {
    given[option.name] = value
  }

  func value<Given, Value>(of option: OptionDescription<Table, Given, Value>) -> Value {
    given[option.name].flatMap { $0 as? Value } ?? option.fallback(self)
  }

  /// What is wrong with the values, in the words of the command line: the first in the order of the table.
  public var problem: String? {
    for entry in Table.entries { if let problem = entry.problem(in: self) { return problem } }
    return nil
  }

  /// Every option that changes numbers, under its name on the command line, as the training state keeps it.
  public var record: [(name: String, value: JSONValue)] {
    let entries = Table.entries.enumerated().sorted { ($0.element.place, $0.offset) < ($1.element.place, $1.offset) }
    return entries.compactMap { entry in
      entry.element.recorded(in: self).map { (entry.element.name, $0) }
    }
  }

  /// The default of every option, as the training state would keep it: what a run was told whose state is older than the
  /// option. Defaults that depend on other options follow these values.
  public var recordedDefaults: [(name: String, value: JSONValue)] {
    Table.entries.map { ($0.name, $0.recordedDefault(in: self)) }
  }
}
