// SPDX-License-Identifier: MIT
// The shell commands that a page shows, as a reader would paste them.

/// One command of a page: a line, with the lines that it goes on over.
public struct ShellCommand: Sendable {
  /// What is pasted.
  public var text: String
  /// Stands behind "$ ", with what it prints on the lines below.
  public let isSession: Bool

  /// The command alone, on one line: what a table of commands names it by.
  public var name: String {
    let lines = text.split(separator: "\n").map { line in
      let end = line.firstRange(of: " #")?.lowerBound ?? line.endIndex
      return line[..<end].split(separator: " ").filter { $0 != "\\" }.joined(separator: " ")
    }
    return lines.joined(separator: " ")
  }
}

/// The commands of a page, in its order.
///
/// In Markdown a block is what stands behind four spaces, or in a fence without a language or with `sh`, `bash`, `console`. A block is
/// shell where one of its lines begins with a command or pipes into a tool; then all of its lines are commands, but for comments,
/// and in a session but for what the commands print.
///
/// - Parameter tools: the names of the package's executables.
public func shellCommands(inMarkdown page: String, tools: [String]) -> [ShellCommand] {
  blocks(page).flatMap { block -> [ShellCommand] in
    if block.contains(where: { $0.hasPrefix("$ ") }) {
      return joined(block.filter { $0.hasPrefix("$ ") }.map { String($0.dropFirst(2)) }, isSession: true)
    }
    return block.contains { isCommand($0, tools: tools) } ? joined(block, isSession: false) : []
  }
}

/// The commands behind the lines "Example…" of a tool's help: those that are indented.
///
/// - Returns: also the lines that stand below a command and are neither indented nor another example's title: remains of a command
///   that was too long for the terminal, and cannot be pasted.
public func shellCommands(inHelp page: String) -> (commands: [ShellCommand], broken: [String]) {
  let section = page.split(separator: "\n", omittingEmptySubsequences: false)
    .drop { !$0.hasPrefix("Example") }.prefix { !$0.hasPrefix("USAGE:") }.filter { !$0.isEmpty }.map(String.init)
  var lines: [String] = []
  var broken: [String] = []
  var isBelowCommand = false
  for line in section {
    if line.hasPrefix("  ") {
      lines.append(String(line.dropFirst(2)))
      isBelowCommand = true
    } else if line.hasPrefix("Example") {
      isBelowCommand = false
    } else if isBelowCommand {
      broken.append(line)
    }
  }
  return (joined(lines, isSession: false), broken)
}

private func blocks(_ page: String) -> [[String]] {
  var blocks: [[String]] = [[]]
  var fence: String?
  for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
    if line.hasPrefix("```") {
      fence = fence == nil ? String(line.dropFirst(3)) : nil
      blocks.append([])
    } else if let language = fence {
      if ["", "sh", "bash", "console"].contains(language) { blocks[blocks.count - 1].append(String(line)) }
    } else if line.hasPrefix("    ") {
      blocks[blocks.count - 1].append(String(line.dropFirst(4)))
    } else if !line.isEmpty {
      blocks.append([])
    }
  }
  return blocks.filter { !$0.isEmpty }
}

/// Shell words that a line of a page may begin with, beside the tools.
private let shellWords = Set(
  """
  apt-get awk bash cat cd chmod cmp cp curl cut diff echo env export find for git grep gzip head jq ln ls make mkdir mv pip \
  printf python3 rm sed seq sh sort source sudo swift tail tar tee time timeout touch until wc wget while xargs zcat
  """.split(separator: " ").map(String.init))

private func isCommand(_ line: String, tools: [String]) -> Bool {
  let words = line.split(separator: " ").drop { $0.contains("=") && $0.first?.isUppercase == true }
  guard let first = words.first.map(String.init) else { return false }
  if tools.contains(first) || shellWords.contains(first) || first.hasPrefix("pipelines/") { return true }
  return tools.contains { (line + " ").contains("| \($0) ") }
}

/// Lines as commands: one that ends in a pipe, a conjunction or a backslash goes on, and comments are none.
private func joined(_ lines: [String], isSession: Bool) -> [ShellCommand] {
  var commands: [ShellCommand] = []
  var goesOn = false
  for line in lines where line.contains(where: { $0 != " " }) && line.first != "#" {
    if goesOn {
      commands[commands.count - 1].text += "\n" + line
    } else {
      commands.append(ShellCommand(text: line, isSession: isSession))
    }
    goesOn = ["|", "\\", "&&", "||"].contains { line.hasSuffix($0) }
  }
  return commands
}
