// SPDX-License-Identifier: MIT
// Runs the built executables as a shell would, and hands back what they wrote and how they ended.
import Clocks
import Glibc
import Synchronization

/// How a tool or a pipeline ended.
public struct ToolResult: Sendable {
  public let stdout: [UInt8]
  public let stderr: String
  /// The exit status; 128 + the signal's number where a signal ended it, as a shell reports it.
  public let status: Int32

  /// stdout as text.
  public var text: String { String(decoding: stdout, as: UTF8.self) }
  /// stdout's lines.
  public var lines: [String] { text.split(separator: "\n").map(String.init) }
}

/// The folder of the built executables: the test runner lies in it.
public let productsFolder: String = {
  var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
  let length = max(0, readlink("/proc/self/exe", &buffer, buffer.count - 1))
  let runner = String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  // SwiftPM may run the tests through a helper of the toolchain; its first argument then names the bundle.
  let candidates = [CommandLine.arguments[0], runner] + CommandLine.arguments.dropFirst()
  for path in candidates where path.contains("/") {
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    if access(folder + "/frames", X_OK) == 0 { return folder }
  }
  return candidates[0].split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
}()

/// Runs one executable of the package.
///
/// - Parameters:
///   - stdin: the bytes to write to its standard input, through a pipe; without, it reads /dev/null.
///   - environment: variables to set (nil: to remove). `PIVOT_CKPT` is never inherited.
///   - folder: the working directory.
///   - timeout: seconds until everything that was started is killed and an error is thrown.
public func runTool(
  _ name: String, _ arguments: [String] = [], stdin: [UInt8]? = nil, environment: [String: String?] = [:],
  in folder: String? = nil, timeout: Double = 300
) throws -> ToolResult {
  try run(
    productsFolder + "/" + name, [name] + arguments, stdin: stdin, environment: environment, folder: folder,
    timeout: timeout)
}

/// Runs a line of bash with `pipefail` and the package's executables first on PATH.
public func runPipeline(
  _ line: String, stdin: [UInt8]? = nil, environment: [String: String?] = [:], in folder: String? = nil,
  timeout: Double = 300
) throws -> ToolResult {
  try run(
    "/bin/bash", ["bash", "-c", "set -o pipefail; " + line], stdin: stdin, environment: environment, folder: folder,
    timeout: timeout)
}

private func run(
  _ path: String, _ arguments: [String], stdin: [UInt8]?, environment: [String: String?], folder: String?,
  timeout: Double
) throws -> ToolResult {
  // A child started between another's pipe() and its close-on-exec mark would hold that pipe open: one at a time.
  let (child, input, output, errors) = try oneAtATime.withLock { _ in
    let input = try stdin.map { _ in try Pipe() }
    let output = try Pipe()
    let errors = try Pipe()
    var (path, arguments) = (path, arguments)
    if let folder {
      arguments = ["sh", "-c", #"cd "$0" && exec "$@""#, folder, path] + arguments.dropFirst()
      path = "/bin/sh"
    }
    let child = try spawn(
      path, arguments, environment: inherited(environment), input: input?.readEnd ?? -1, output: output.writeEnd,
      errors: errors.writeEnd)
    input?.closeRead()
    output.closeWrite()
    errors.closeWrite()
    return (child, input, output, errors)
  }
  let (out, err, isLate) = exchange(stdin ?? [], input: input, output: output, errors: errors, timeout: timeout) {
    kill(-child, SIGKILL)
  }
  var status: Int32 = 0
  while waitpid(child, &status, 0) < 0 && errno == EINTR {}
  if isLate { throw Late(description: "\(arguments.joined(separator: " ")): still running after \(timeout) s") }
  let signal = status & 0x7f
  return ToolResult(
    stdout: out, stderr: String(decoding: err, as: UTF8.self), status: signal == 0 ? (status >> 8) & 0xff : 128 + signal
  )
}

private let oneAtATime = Mutex(())

private struct Late: Error, CustomStringConvertible { let description: String }

/// A pipe whose ends no other child inherits.
private final class Pipe {
  var readEnd: Int32 = -1
  var writeEnd: Int32 = -1

  init() throws {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SystemError("pipe") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (readEnd, writeEnd) = (ends[0], ends[1])
  }
  func closeRead() {
    if readEnd >= 0 {
      close(readEnd)
      readEnd = -1
    }
  }
  func closeWrite() {
    if writeEnd >= 0 {
      close(writeEnd)
      writeEnd = -1
    }
  }
  deinit {
    closeRead()
    closeWrite()
  }
}

private func inherited(_ changes: [String: String?]) -> [String] {
  var variables: [String: String] = [:]
  var entry = environ
  while let text = entry.pointee {
    let pair = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    if pair.count == 2 { variables[String(pair[0])] = String(pair[1]) }
    entry += 1
  }
  variables["PIVOT_CKPT"] = nil
  variables["PATH"] = productsFolder + ":" + (variables["PATH"] ?? "/usr/bin:/bin")
  for (name, value) in changes { variables[name] = value }
  return variables.map { "\($0)=\($1)" }
}

/// Starts the child in a process group of its own, with default signal handling.
private func spawn(
  _ path: String, _ arguments: [String], environment: [String], input: Int32, output: Int32, errors: Int32
) throws -> pid_t {
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  if input >= 0 {
    posix_spawn_file_actions_adddup2(&actions, input, 0)
  } else {
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
  }
  posix_spawn_file_actions_adddup2(&actions, output, 1)
  posix_spawn_file_actions_adddup2(&actions, errors, 2)

  var attributes = posix_spawnattr_t()
  posix_spawnattr_init(&attributes)
  defer { posix_spawnattr_destroy(&attributes) }
  var none = sigset_t()
  sigemptyset(&none)
  var all = sigset_t()
  sigfillset(&all)
  posix_spawnattr_setsigmask(&attributes, &none)
  posix_spawnattr_setsigdefault(&attributes, &all)
  posix_spawnattr_setpgroup(&attributes, 0)
  posix_spawnattr_setflags(
    &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))

  let argv = arguments.map { strdup($0) } + [nil]
  let envp = environment.map { strdup($0) } + [nil]
  defer { (argv + envp).forEach { free($0) } }
  var child: pid_t = 0
  let code = posix_spawn(&child, path, &actions, &attributes, argv, envp)
  guard code == 0 else { throw SystemError("start \(path)", code) }
  return child
}

/// Feeds the child and drains both of its outputs at once: a full pipe on either side would stop it for ever.
private func exchange(
  _ bytes: [UInt8], input: Pipe?, output: Pipe, errors: Pipe, timeout: Double, stop: () -> Void
) -> (out: [UInt8], err: [UInt8], isLate: Bool) {
  // A child that stops reading must not end this process: the thread blocks SIGPIPE and discards a pending one.
  var pipeSignal = sigset_t()
  sigemptyset(&pipeSignal)
  sigaddset(&pipeSignal, SIGPIPE)
  var before = sigset_t()
  pthread_sigmask(SIG_BLOCK, &pipeSignal, &before)
  defer {
    var now = timespec()
    while sigtimedwait(&pipeSignal, nil, &now) > 0 {}
    pthread_sigmask(SIG_SETMASK, &before, nil)
  }
  if let input { _ = fcntl(input.writeEnd, F_SETFL, O_NONBLOCK) }
  var sent = 0
  var results: [[UInt8]] = [[], []]
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  let end = monotonicSeconds() + timeout
  var isLate = false
  if bytes.isEmpty { input?.closeWrite() }
  while output.readEnd >= 0 || errors.readEnd >= 0 {
    var polls = [
      pollfd(fd: output.readEnd, events: Int16(POLLIN), revents: 0),
      pollfd(fd: errors.readEnd, events: Int16(POLLIN), revents: 0),
      pollfd(fd: input?.writeEnd ?? -1, events: Int16(POLLOUT), revents: 0),
    ]
    let ready = poll(&polls, 3, 1000)
    if monotonicSeconds() > end && !isLate {
      isLate = true
      stop()
    }
    if ready <= 0 { continue }
    for (index, pipe) in [output, errors].enumerated() where polls[index].revents != 0 {
      let count = read(pipe.readEnd, &chunk, chunk.count)
      if count > 0 { results[index] += chunk[..<count] } else if count == 0 || errno != EINTR { pipe.closeRead() }
    }
    if let input, polls[2].revents != 0 {
      let count = bytes[sent...].withUnsafeBytes { write(input.writeEnd, $0.baseAddress, $0.count) }
      if count > 0 { sent += count }
      if sent == bytes.count || (count < 0 && errno != EAGAIN && errno != EINTR) { input.closeWrite() }
    }
  }
  return (results[0], results[1], isLate)
}
