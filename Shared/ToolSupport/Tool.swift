// SPDX-License-Identifier: MIT
// From the command line to the exit status, in one place.
import ArgumentParser
import Failures
import Glibc
import TensorStream

/// A command-line tool: a parsed command whose every ending becomes one line and an exit status.
public protocol Tool: ParsableCommand {
  /// SIGINT and SIGTERM are noted in `Signals.pending` instead of ending the tool: it ends in its own time, and saves.
  static var watchesSignals: Bool { get }
  /// Options that may stand without a value: the values each may have, the first of which is meant then.
  static var impliedValues: [String: [String]] { get }
}

/// A tool that reads frames.
public protocol StreamTool: Tool {
  /// What it writes to standard output.
  static var output: ToolIO.Output { get }
  /// The input, output and options of this call.
  func openIO() throws -> ToolIO
  mutating func run(_ io: ToolIO) throws
}

/// A stream tool with the usual options.
public protocol FrameFilter: StreamTool {
  var stream: StreamOptions { get }
}

/// A stream tool that writes lines, not frames.
public protocol FrameConsumer: StreamTool {
  var input: InputOptions { get }
}

extension Tool {
  public static var watchesSignals: Bool { false }
  public static var impliedValues: [String: [String]] { [:] }

  /// Parses the command line, runs the command, and ends the process.
  public static func main() {
    Signals.fillClosedDescriptors()
    Diagnostics.introduce(configuration.commandName ?? _commandName, version: configuration.version)
    Glibc.exit(status(of: Array(CommandLine.arguments.dropFirst())))
  }

  private static func status(of arguments: [String]) -> Int32 {
    var command: any ParsableCommand
    do {
      command = try parseAsRoot(Launch.spelledOut(arguments, impliedValues))
    } catch {
      return Launch.parsingFailed(Self.self, error)
    }
    let watches = (type(of: command) as? any Tool.Type)?.watchesSignals ?? watchesSignals
    Signals.install(areNoted: watches)
    do {
      try command.run()
      return Signals.pending.map(Signals.exitStatus) ?? 0
    } catch {
      Diagnostics.endProgress()
      return Launch.runFailed(Self.self, Launch.interruption(error, watches: watches) ?? error)
    }
  }
}

extension StreamTool {
  public static var output: ToolIO.Output { .frames }

  public mutating func run() throws {
    let io = try openIO()
    do {
      try run(io)
    } catch {
      try? io.flush()  // what was complete goes on; without its end frame the stream is refused downstream
      throw error
    }
    try io.finish()
  }
}

extension FrameFilter {
  public func openIO() throws -> ToolIO {
    stream.messages.apply()
    return try ToolIO(
      files: stream.files, output: Self.output, gzip: stream.gzip, keep: stream.keptNames, drop: stream.droppedNames,
      skipBad: stream.skipBad, watchesSignals: Self.watchesSignals)
  }
}

extension FrameConsumer {
  public static var output: ToolIO.Output { .lines }

  public func openIO() throws -> ToolIO {
    input.messages.apply()
    return try ToolIO(
      files: input.files, output: Self.output, skipBad: input.skipBad, watchesSignals: Self.watchesSignals)
  }
}

extension MessageOptions {
  /// Makes the options take effect.
  public func apply() {
    Diagnostics.isQuiet = quiet
    Diagnostics.isVerbose = verbose
  }
}

/// How errors become exit statuses.
enum Launch {
  /// `--gzip` alone means level 6; the parser knows options with a value or without, not both.
  static func spelledOut(_ arguments: [String], _ impliedValues: [String: [String]]) -> [String] {
    let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
    return arguments[..<end].indices.map { index in
      let argument = arguments[index]
      if argument == "--gzip" { return "--gzip=6" }
      guard let values = impliedValues[argument], let implied = values.first else { return argument }
      let hasValue = index + 1 < end && values.contains(arguments[index + 1])
      return hasValue ? argument : "\(argument)=\(implied)"
    } + arguments[end...]
  }

  /// Help that was asked for goes to standard output, 0; anything else is a wrong command line, 64.
  static func parsingFailed(_ tool: any ParsableCommand.Type, _ error: any Error) -> Int32 {
    if tool.exitCode(for: error) == .success { return show(tool.fullMessage(for: error)) }
    Diagnostics.error("\(tool.message(for: error)) (see \(Diagnostics.tool) --help)")
    return ExitStatus.usage.rawValue
  }

  static func runFailed(_ tool: any ParsableCommand.Type, _ error: any Error) -> Int32 {
    switch error {
    case let failure as any Failure:
      Diagnostics.error(failure.description)
      return failure.exitStatus.rawValue
    case is ReaderLeft:
      return 0
    case is ReadInterrupted:
      return Signals.exitStatus(Signals.pending ?? SIGTERM)
    case let code as ExitCode:
      return code.rawValue
    default:
      // Help for a subcommand is thrown by a command of the parser's own.
      let code = tool.exitCode(for: error)
      if code == .success || code == .validationFailure { return parsingFailed(tool, error) }
      Diagnostics.error("this is a bug of ours, please report it: \(error)")
      return ExitStatus.bug.rawValue
    }
  }

  /// Ctrl-C ends the tools upstream as well: what looks like a stream cut short is the same interruption.
  static func interruption(_ error: any Error, watches: Bool) -> (any Error)? {
    guard watches, error is FrameError else { return nil }
    if Signals.pending == nil { usleep(50_000) }
    return Signals.pending == nil ? nil : ReadInterrupted()
  }

  private static func show(_ text: String) -> Int32 {
    do {
      let output = TextOutput()
      try output.line(text)
      try output.close()
      return 0
    } catch is ReaderLeft {
      return 0
    } catch let failure as any Failure {
      Diagnostics.error(failure.description)
      return failure.exitStatus.rawValue
    } catch {
      return ExitStatus.bug.rawValue
    }
  }
}
