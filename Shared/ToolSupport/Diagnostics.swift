// SPDX-License-Identifier: MIT
// The only place that writes to standard error.
import Glibc
import Synchronization

/// Messages for people: one line each, the tool's name in front.
public enum Diagnostics {
  private struct State {
    var tool = "tool"
    var version = Version.text
    var isQuiet = false
    var isVerbose = false
    /// A progress line stands on the terminal and must go before anything else is said.
    var hasProgress = false
    /// Text is being written as it comes: a progress line would wipe it out.
    var writesText = false
  }
  private static let state = Mutex(State())

  static let isTerminal = isatty(2) == 1

  static var tool: String { state.withLock { $0.tool } }

  /// What `--version` prints.
  public static var version: String {
    state.withLock { $0.version }
  }

  /// Told once, before anything is said.
  static func introduce(_ tool: String, version: String) {
    state.withLock { ($0.tool, $0.version) = (tool, version) }
  }

  /// `--quiet`: no notes, no progress. Warnings and errors remain.
  public static var isQuiet: Bool {
    get { state.withLock { $0.isQuiet } }
    set { state.withLock { $0.isQuiet = newValue } }
  }

  /// `--verbose`: what is done, and a summary at the end.
  public static var isVerbose: Bool {
    get { state.withLock { $0.isVerbose } }
    set { state.withLock { $0.isVerbose = newValue } }
  }

  /// What the user may want to know.
  public static func note(_ text: String) { if !isQuiet { line(text) } }

  /// What only `--verbose` shows.
  public static func detail(_ text: String) { if isVerbose { line(text) } }

  /// What may be wrong.
  public static func warn(_ text: String) { line("warning: " + text) }

  /// What ended the tool, or left an example out.
  public static func error(_ text: String) { line(text) }

  /// A table that was asked for: its lines as they are.
  public static func table(_ text: String) {
    state.withLock { state in
      clear(&state)
      put(text + "\n")
    }
  }

  /// A part of a text that was asked for while it comes: no line break is added.
  public static func text(_ text: String) {
    state.withLock { state in
      clear(&state)
      state.writesText = true
      put(text)
    }
  }

  /// Replaces the progress line; on a terminal only.
  static func progress(_ text: String) {
    guard isTerminal, !isQuiet else { return }
    state.withLock { state in
      if state.writesText { return }
      state.hasProgress = true
      put("\r\u{1B}[K" + text)
    }
  }

  /// Takes the progress line away.
  static func endProgress() {
    state.withLock { clear(&$0) }
  }

  private static func line(_ text: String) {
    let oneLine =
      text.contains(where: \.isNewline) ? text.split(whereSeparator: \.isNewline).joined(separator: " ") : text
    state.withLock { state in
      clear(&state)
      put("\(state.tool): \(oneLine)\n")
    }
  }

  private static func clear(_ state: inout State) {
    if state.hasProgress { put("\r\u{1B}[K") }
    state.hasProgress = false
  }

  private static func put(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { return }  // nobody is left to tell
      bytes = bytes.dropFirst(count)
    }
  }
}
