// SPDX-License-Identifier: MIT
// Where tests find their fixtures and put their files.
import Glibc
import Testing

/// The path of a file or folder under Tests/Fixtures.
public func fixture(_ path: String) -> String { repositoryRoot + "/Tests/Fixtures/" + path }

/// The folder that holds Package.swift.
public let repositoryRoot: String = {
  let parts = #filePath.split(separator: "/")  // <root>/Tests/TestSupport/Files.swift
  return "/" + parts.dropLast(3).joined(separator: "/")
}()

/// Runs `body` with the path of a fresh folder, which is removed afterwards.
public func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
  let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
  var template = Array((base + "/pivot-test-XXXXXX").utf8CString)
  guard mkdtemp(&template) != nil else { throw SystemError("mkdtemp \(base)") }
  let path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  defer { removeAll(path) }
  return try body(path)
}

private func removeAll(_ path: String) {
  if let folder = opendir(path) {
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name == "." || name == ".." { continue }
      if entry.pointee.d_type == DT_DIR { removeAll(path + "/" + name) } else { unlink(path + "/" + name) }
    }
    closedir(folder)
  }
  rmdir(path)
}

/// A whole file's bytes.
public func readFile(_ path: String) throws -> [UInt8] {
  guard let file = fopen(path, "rb") else { throw SystemError("open \(path)") }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = fread(&chunk, 1, chunk.count, file)
    if count == 0 { break }
    bytes += chunk[..<count]
  }
  return bytes
}

public func writeFile(_ path: String, _ bytes: some Sequence<UInt8>) throws {
  guard let file = fopen(path, "wb") else { throw SystemError("create \(path)") }
  let bytes = Array(bytes)
  let written = bytes.isEmpty ? 0 : fwrite(bytes, 1, bytes.count, file)
  guard fclose(file) == 0, written == bytes.count else { throw SystemError("write \(path)") }
}

public func writeFile(_ path: String, _ text: String) throws { try writeFile(path, text.utf8) }

/// A system call that failed, with the system's reason.
public struct SystemError: Error, CustomStringConvertible {
  public let description: String

  init(_ what: String, _ code: Int32 = errno) { description = "\(what): \(String(cString: strerror(code)))" }
}
