// SPDX-License-Identifier: MIT
// Commands beside us end when we end, with all that they have started.
import Glibc

/// The process groups of the commands beside us. A command that is a script is a shell and its children; ended by its own
/// id alone, the shell would leave them behind, with our standard error open.
enum ChildGroups {
  /// A signal handler reads it: it may neither allocate nor lock.
  private nonisolated(unsafe) static let groups = {
    let slots = UnsafeMutablePointer<pid_t>.allocate(capacity: capacity)
    slots.initialize(repeating: 0, count: capacity)
    return slots
  }()
  private static let capacity = 4

  /// From now on a signal that ends us ends the group too: the terminal sends its own only to ours.
  static func add(_ group: pid_t) {
    guard let free = (0..<capacity).first(where: { groups[$0] == 0 }) else {
      preconditionFailure("more than \(capacity) commands beside us")
    }
    groups[free] = group
    for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
      var action = sigaction()
      // What the parent told us to ignore (nohup, a shell's background job) stays ignored.
      guard sigaction(number, nil, &action) == 0,
        unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) != unsafeBitCast(SIG_IGN, to: Int.self)
      else { continue }
      var ending = sigaction()
      ending.__sigaction_handler.sa_handler = { number in
        ChildGroups.endAll()
        _exit(128 + number)
      }
      sigemptyset(&ending.sa_mask)
      sigaction(number, &ending, nil)
    }
  }

  /// It has ended well; what it may have left running is its own affair.
  static func remove(_ group: pid_t) {
    for slot in 0..<capacity where groups[slot] == group { groups[slot] = 0 }
  }

  /// Asks every process of the group to end, and ends after a second those that do not.
  static func end(_ group: pid_t) {
    remove(group)
    end(leader: group)
  }

  private static func endAll() {
    for slot in 0..<capacity where groups[slot] != 0 { end(leader: groups[slot]) }
  }

  private static func end(leader group: pid_t) {
    guard kill(-group, SIGTERM) == 0 else { return }
    for _ in 0..<200 {
      waitpid(group, nil, WNOHANG)  // a dead process counts as one of the group until it is waited for
      if kill(-group, 0) != 0 { return }
      var pause = timespec(tv_sec: 0, tv_nsec: 5_000_000)
      nanosleep(&pause, nil)
    }
    kill(-group, SIGKILL)
    waitpid(group, nil, 0)
  }
}
