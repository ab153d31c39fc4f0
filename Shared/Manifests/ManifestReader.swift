// SPDX-License-Identifier: MIT
// A manifest as a sequence of examples: JSON lines, or one JSON array.

import Failures
import Glibc
import StrictJSON

/// Where examples come from, one after the other.
public protocol ExampleSource: AnyObject {
  /// The next example, nil after the last. A `ManifestError` that is recoverable leaves the source at the example after
  /// it.
  func next() throws -> ManifestExample?
}

/// Reads manifests one after the other.
public final class ManifestReader: ExampleSource {
  private var paths: ArraySlice<String>
  private let root: String?
  private let options: ManifestOptions
  private var classes = ClassNumbers()
  private var lines: LineReader?
  private var source = ""
  private var folder = "."
  private var elements: ArraySlice<JSONValue>?  // of a manifest that is one array
  private var element = 0
  /// Lines of all manifests so far, for `line-N`.
  private var linesBefore = 0
  /// Told what each key is taken for, once, and what looks like a mistake.
  public var onRemark: ((KeyRemark) -> Void)?
  private var remarked: [String: Bool] = [:]

  /// - paths: manifests; "-" is standard input.
  /// - root: the folder of relative image paths; nil: each manifest's own folder (the working directory for a pipe).
  public init(paths: [String], root: String?, options: ManifestOptions) throws {
    self.paths = paths[...]
    self.root = root
    self.options = options
    if paths.contains("-"), isatty(0) == 1 {
      throw PlainFailure.usage("stdin is a terminal: pipe a manifest in, or name a FILE")
    }
    for path in paths where path != "-" && access(path, R_OK) != 0 {
      throw PlainFailure.missingInput("\(path): \(systemReason())")
    }
  }

  public func next() throws -> ManifestExample? {
    while true {
      if elements != nil {
        if let value = elements?.popFirst() {
          element += 1
          return try example(value, line: element)
        }
        linesBefore += element
        elements = nil
        lines = nil
      }
      guard let lines else {
        guard let path = paths.popFirst() else { return nil }
        try open(path)
        continue
      }
      guard let line = try lines.next() else {
        linesBefore += lines.line
        self.lines = nil
        continue
      }
      if line.allSatisfy(LineReader.isSpace) { continue }
      return try example(parse(line, at: lines.line), line: lines.line)
    }
  }

  private func open(_ path: String) throws {
    let lines = try LineReader(path: path)
    source = path == "-" ? "stdin" : path
    folder = root ?? Self.folder(ofManifest: path)
    self.lines = lines
    let start = try lines.peek(4)
    if start.starts(with: [0x1F, 0x8B]) {
      throw ManifestError(
        ManifestPlace(source: source, line: nil),
        "is compressed, expected text; unpack it on the way in: zcat \(path) | imgtok",
        isRecoverable: false)
    }
    if start.first == UInt8(ascii: "[") {
      let bytes = try lines.rest()
      do {
        elements = try JSONValue.parse(bytes).array?[...]
      } catch {
        throw ManifestError(
          ManifestPlace(source: source, line: error.line), "column \(error.column): \(error.message)",
          isRecoverable: false)
      }
      element = 0
    }
  }

  /// Standard input that is a file has a folder too.
  private static func folder(ofManifest path: String) -> String {
    if path != "-" { return Manifests.folder(of: path) }
    var status = stat()
    guard fstat(0, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return "." }
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = readlink("/proc/self/fd/0", &buffer, Int(PATH_MAX))
    guard count > 0 else { return "." }
    return Manifests.folder(of: String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self))
  }

  private func parse(_ line: [UInt8], at number: Int) throws -> JSONValue {
    do {
      return try JSONValue.parse(line)
    } catch {
      throw ManifestError(
        ManifestPlace(source: source, line: number),
        "column \(error.column): \(error.message); a manifest has one JSON object a line")
    }
  }

  private func example(_ value: JSONValue, line: Int) throws -> ManifestExample {
    let place = ManifestPlace(source: source, line: line)
    guard let object = value.object else {
      throw ManifestError(place, "is \(value.kind), expected an object of keys like \"image\" and \"question\"")
    }
    let example = try ManifestExample(
      object, at: place, defaultID: "line-\(linesBefore + line)", folder: folder, options: options, classes: &classes)
    for remark in example.remarks {
      // A key may be told of twice: what it is taken for, and that it may be a mistake.
      guard remarked[remark.key] != true, remark.isWarning || remarked[remark.key] == nil else { continue }
      remarked[remark.key] = remark.isWarning
      onRemark?(remark)
    }
    return example
  }
}
