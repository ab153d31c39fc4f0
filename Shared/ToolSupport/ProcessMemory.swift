// SPDX-License-Identifier: MIT
import Glibc

public enum ProcessMemory {
  /// The most memory this process has held at a time, in bytes; 0 where the system does not say.
  public static var peak: Int {
    // getrusage would count what the shell held before this program replaced it.
    guard let file = fopen("/proc/self/status", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      if text.hasPrefix("VmHWM:") { return (Int(text.split { !$0.isNumber }.first ?? "") ?? 0) * 1024 }
    }
    return 0
  }
}
