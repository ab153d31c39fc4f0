// SPDX-License-Identifier: MIT
// A command beside us with which we talk in lines.
import Clocks
import Failures
import Glibc

/// A shell command whose standard input and output are ours: a line goes in, a line comes back. What it says on
/// standard error is shown as it is. It runs in a process group of its own, which ends with this object.
final class CoProcess {
  /// What it is to us: "judge".
  let name: String
  private let command: String
  private let process: pid_t
  private var input: Int32
  private let output: Int32
  private var received: [UInt8] = []
  private var status: Int32?
  private var hasEndedWell = false
  private static let answerLimit = 64 << 20

  init(name: String, command: String) throws {
    self.name = name
    self.command = command
    func pipeEnds() throws -> [Int32] {
      var ends: [Int32] = [-1, -1]
      guard pipe(&ends) == 0 else { throw Self.failure("cannot start \(name)") }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      return ends
    }
    let (toChild, fromChild) = (try pipeEnds(), try pipeEnds())
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
    posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
    // We ignore SIGPIPE; it shall not.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
    let arguments: [UnsafeMutablePointer<CChar>?] = (["/bin/sh", "-c", command] as [String]).map { strdup($0) } + [nil]
    defer {
      arguments.forEach { free($0) }
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
      close(toChild[0])
      close(fromChild[1])
    }
    var child: pid_t = 0
    let code = ChildGroups.uninterrupted {
      let code = posix_spawn(&child, "/bin/sh", &actions, &attributes, arguments, environ)
      if code == 0 { ChildGroups.add(child) }
      return code
    }
    guard code == 0 else {
      close(toChild[1])
      close(fromChild[0])
      throw PlainFailure(.ioError, "cannot start \(name): \(String(cString: strerror(code)))")
    }
    (process, input, output) = (child, toChild[1], fromChild[0])
    for end in [input, output] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
  }

  /// Sends a line and waits for one. Both ends are served at once: neither side can block the other for ever.
  ///
  /// - Throws: 74 where the command has ended, or does not answer within `timeout` seconds.
  func ask(_ line: [UInt8], timeout: Double) throws -> [UInt8] {
    var rest = (line + [0x0A])[...]
    let end = monotonicSeconds() + timeout
    while true {
      if rest.isEmpty, let newline = received.firstIndex(of: 0x0A) {
        defer { received.removeSubrange(...newline) }
        return Array(received[..<newline])
      }
      let left = end - monotonicSeconds()
      guard left > 0 else {
        throw PlainFailure(.ioError, "\(name) (\(command)) did not answer within \(timeout) s; see --\(name)-timeout")
      }
      var polls = [
        pollfd(fd: output, events: Int16(POLLIN), revents: 0),
        pollfd(fd: rest.isEmpty ? -1 : input, events: Int16(POLLOUT), revents: 0),
      ]
      if poll(&polls, 2, Int32(min(left * 1000 + 1, 1e6))) < 0 && errno != EINTR {
        throw Self.failure("waiting for \(name)")
      }
      if polls[1].revents != 0 {
        let count = rest.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
        if count > 0 {
          rest = rest.dropFirst(count)
        } else if count < 0, errno != EAGAIN, errno != EINTR {
          throw ended(Self.unanswered)
        }
      }
      if polls[0].revents != 0 { try receive() }
    }
  }

  private func receive() throws {
    var chunk = [UInt8](repeating: 0, count: 1 << 14)
    let count = read(output, &chunk, chunk.count)
    if count == 0 { throw ended(Self.unanswered) }
    if count < 0 {
      if errno == EAGAIN || errno == EINTR { return }
      throw Self.failure("reading from \(name)")
    }
    received += chunk[..<count]
    if received.count > Self.answerLimit {
      throw PlainFailure(.ioError, "\(name) (\(command)) wrote \(received.count) bytes without the end of a line")
    }
  }

  /// Says that no more lines come and waits for the command to end.
  ///
  /// - Throws: 74 where it fails, stays, or had more to say.
  func finish(timeout: Double) throws {
    closeInput()
    let end = monotonicSeconds() + timeout
    while monotonicSeconds() < end {
      var polled = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
      guard poll(&polled, 1, 100) > 0 else { continue }
      var chunk = [UInt8](repeating: 0, count: 1 << 14)
      let count = read(output, &chunk, chunk.count)
      if count == 0 { break }
      if count > 0 { received += chunk[..<count] }
      if !received.isEmpty {
        throw PlainFailure(.ioError, "\(name) (\(command)) wrote more lines than it was asked for")
      }
    }
    while wait(WNOHANG) == nil {
      guard monotonicSeconds() < end else {
        throw PlainFailure(.ioError, "\(name) (\(command)) did not end within \(timeout) s after its input did")
      }
      usleep(2000)
    }
    guard status == 0 else {
      throw ended("after it had answered everything; expected status 0, else its answers may be wrong")
    }
    ChildGroups.remove(process)
    hasEndedWell = true
  }

  private static let unanswered = "before it had answered"

  private func ended(_ when: String) -> PlainFailure {
    closeInput()
    // It may have closed its output and live on.
    for _ in 0..<100 where wait(WNOHANG) == nil { usleep(5000) }
    ChildGroups.leaveIfAsked()
    let how =
      switch status {
      case nil: "has closed its output"
      case let status? where status & 0x7F == 0: "ended with status \((status >> 8) & 0xFF)"
      case let status?: "was ended by signal \(status & 0x7F)"
      }
    return PlainFailure(.ioError, "\(name) (\(command)) \(how) \(when)")
  }

  private func wait(_ options: Int32) -> Int32? {
    if let status { return status }
    var value: Int32 = 0
    let result = waitpid(process, &value, options)
    if result == process { status = value } else if result < 0 && errno != EINTR { status = 0 }
    return status
  }

  private func closeInput() {
    if input >= 0 { close(input) }
    input = -1
  }

  private static func failure(_ what: String) -> PlainFailure {
    PlainFailure(.ioError, "\(what): \(String(cString: strerror(errno)))")
  }

  deinit {
    closeInput()
    close(output)
    if !hasEndedWell { ChildGroups.end(process) }
  }
}
