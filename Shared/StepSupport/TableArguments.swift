// SPDX-License-Identifier: MIT
// A table of options on the command line: ArgumentParser is told of each what its description says.
import ArgumentParser
import OptionTables

/// The options of a table, for `@OptionGroup`. The parser finds the options of a type by reflection over its property
/// wrappers; this type shows it one for every entry of the table, so that no tool declares any of them again.
public struct TableArguments<Table: OptionTable>: ParsableArguments, CustomReflectable {
  /// What was given.
  public private(set) var values = OptionValues<Table>()

  public init() {}

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    for entry in Table.entries { try read(entry, from: container) }
  }

  private mutating func read(_ entry: some OptionEntry<Table>, from container: KeyedDecodingContainer<Key>) throws {
    if let value = try entry.value(from: container, Key(stringValue: entry.name)) { values.give(value, to: entry) }
  }

  public var customMirror: Mirror {
    // The parser takes the underscore of a property wrapper's storage away.
    Mirror(self, children: Table.entries.map { (label: "_" + $0.name, value: $0.declaration) })
  }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}

extension OptionEntry {
  /// The parser's property wrapper: `@Option var x: Given?`, `@Flag(inversion: .prefixedNo) var x: Bool?` or
  /// `@Flag var x = false`.
  fileprivate var declaration: Any {
    let name = NameSpecification.customLong(self.name)
    let help = ArgumentHelp(self.help, valueName: valueName)
    if Given.self == Bool.self {
      if hasNegation { return Flag(name: name, inversion: .prefixedNo, help: help) as Flag<Bool?> }
      return Flag(wrappedValue: false, name: name, help: help)
    }
    return Option(name: name, help: help) as Option<Typed<Given>?>
  }

  /// What the command line gave; nil: nothing.
  fileprivate func value<Key>(from container: KeyedDecodingContainer<Key>, _ key: Key) throws -> Given? {
    guard Given.self == Bool.self else {
      return try container.decode(Option<Typed<Given>?>.self, forKey: key).wrappedValue?.value
    }
    if hasNegation { return try container.decode(Flag<Bool?>.self, forKey: key).wrappedValue as? Given }
    return try container.decode(Flag<Bool>.self, forKey: key).wrappedValue ? true as? Given : nil
  }
}

/// The value of an option, as the parser wants it.
private struct Typed<Value: OptionValue>: ExpressibleByArgument {
  let value: Value

  init?(argument: String) {
    guard let value = Value(text: argument) else { return nil }
    self.value = value
  }

  static var allValueStrings: [String] { Value.texts }
  /// A shell may complete to a word of an enumeration; of what else is listed there may be several in one value.
  static var defaultCompletionKind: CompletionKind {
    Value.self is any CaseIterable.Type ? .list(allValueStrings) : .default
  }
}
