// SPDX-License-Identifier: MIT
// SIGINT, SIGTERM, SIGPIPE, and the SIGBUS of a mapped file that shrinks.
import Glibc
import Synchronization

public enum Signals {
  /// The signal (SIGINT or SIGTERM) that asked a step tool to end: it finishes or drops the step, saves, and ends with
  /// `exitStatus`. Step loops ask between steps.
  public static var pending: Int32? {
    let signal = pendingSignal.load(ordering: .relaxed)
    return signal == 0 ? nil : signal
  }

  /// The exit status a shell expects of a program that a signal ended: 130 for SIGINT, 143 for SIGTERM.
  public static func exitStatus(_ signal: Int32) -> Int32 { 128 + signal }

  /// Sets the process up.
  ///
  /// - Parameter areNoted: SIGINT and SIGTERM are noted in `pending`, and only a second one ends the tool at once.
  ///   Otherwise the first does; what it leaves unfinished is refused downstream.
  static func install(areNoted: Bool) {
    _ = pendingSignal.load(ordering: .relaxed)  // made before a handler needs it
    signal(SIGPIPE, SIG_IGN)  // a write then fails with EPIPE
    for number in [SIGINT, SIGTERM] {
      // What the parent told us to ignore (nohup, a shell's background job) stays ignored.
      var action = sigaction()
      if sigaction(number, nil, &action) == 0, !isIgnored(action) {
        set(number, areNoted ? { note($0) } : { _exit(128 + $0) })
      }
    }
    let text = "\(Diagnostics.tool): an input file became shorter while it was read; it must not be changed meanwhile\n"
    busMessage = (UnsafePointer(strdup(text)), text.utf8.count)
    set(SIGBUS) { _ in
      write(2, busMessage.text, busMessage.count)
      _exit(74)
    }
  }

  /// A descriptor that is closed would be given to the next file that is opened.
  static func fillClosedDescriptors() {
    for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
      _ = open("/dev/null", descriptor == 2 ? O_WRONLY : O_RDONLY)
    }
  }

  private static func isIgnored(_ action: sigaction) -> Bool {
    unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  private static func set(_ number: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = handler
    sigemptyset(&action.sa_mask)
    sigaction(number, &action, nil)  // without SA_RESTART: a read that waits returns
  }
}

private let pendingSignal = Atomic<Int32>(0)

/// What a handler can say: it may neither allocate nor lock. Set once, before the handler is.
private nonisolated(unsafe) var busMessage: (text: UnsafePointer<CChar>?, count: Int) = (nil, 0)

private func note(_ number: Int32) {
  if pendingSignal.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
}
