// SPDX-License-Identifier: MIT
// One writer a checkpoint: a lock that dies with its process.

import Failures
import Glibc

/// Held while a checkpoint is written. The lock is on an empty file beside it, removed at the end; a killed process
/// leaves the file, but not the lock.
final class WriterLock {
  private let path: String
  private let descriptor: Int32

  /// Throws 73 where the file cannot be created or another process writes to the checkpoint `target`.
  init(_ path: String, target: String) throws {
    self.path = path
    while true {
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else {
        throw CheckpointError.system(path: target, action: "create", reason: systemReason(), status: .cannotCreate)
      }
      if flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK {
        close(descriptor)
        throw CheckpointError.system(
          path: target, action: "write", reason: "another process is writing to it", status: .cannotCreate)
      }
      // A file system without locks leaves it to the user; but the file must still be the one at the path.
      var mine = stat()
      var current = stat()
      if fstat(descriptor, &mine) == 0, stat(path, &current) == 0, mine.st_ino == current.st_ino {
        self.descriptor = descriptor
        return
      }
      close(descriptor)
    }
  }

  deinit {
    unlink(path)
    close(descriptor)
  }
}
