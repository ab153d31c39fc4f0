// SPDX-License-Identifier: MIT
import Synchronization

/// The level of the kernels is one for the whole process, and suites run side by side: who changes it, and who compares bits,
/// holds this lock.
private let kernelLevel = Mutex(())

public func holdingKernelLevel<Result>(_ body: () throws -> Result) rethrows -> Result {
  try kernelLevel.withLock { _ in
    nonisolated(unsafe) let body = body
    return try body()
  }
}
