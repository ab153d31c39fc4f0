// SPDX-License-Identifier: MIT
// A folder of pictures, masks and manifests: all of it appears at once, or nothing does.

import Failures
import Glibc
import Imaging
import StrictJSON

/// What to write.
public struct WorldFolder: Sendable {
  public let world: MiniWorld
  public let sceneCount: Int
  /// Questions a scene, fewer where a scene has not that many.
  public let questionCount: Int
  public let types: Set<QuestionType>
  /// Point captions a scene, fewer where less of the picture is covered.
  public let pointCount: Int
  public let answerVariety: AnswerVariety
  public let rejectedStyle: RejectedStyle
  /// Where rejected answers come from; nil: they are made up.
  public let mistakes: Mistakes?
  /// Whether every question gets a mask of what it asks about.
  public let masksAskedObjects: Bool

  public init(
    world: MiniWorld, sceneCount: Int, questionCount: Int = 4, types: Set<QuestionType> = Set(QuestionType.allCases),
    pointCount: Int = 8, answerVariety: AnswerVariety = .varied, rejectedStyle: RejectedStyle = .same,
    mistakes: Mistakes? = nil,
    masksAskedObjects: Bool = false
  ) {
    self.world = world
    self.sceneCount = sceneCount
    self.questionCount = questionCount
    self.types = types
    self.pointCount = pointCount
    self.answerVariety = answerVariety
    self.rejectedStyle = rejectedStyle
    self.mistakes = mistakes
    self.masksAskedObjects = masksAskedObjects
  }

  /// How much was written.
  public struct Summary: Equatable, Sendable {
    public var scenes = 0
    public var questions = 0
    /// Preference pairs: as many as questions, fewer where rejected answers are a model's own mistakes.
    public var pairs = 0
    public var byType: [QuestionType: Int] = [:]
  }

  /// Writes images/, masks/ and the manifests pairs, qa, choices, labels, masks, captions and points (.jsonl, paths relative to `path`).
  ///
  /// Everything goes to a folder beside `path` that takes its name at the end.
  /// - Parameters:
  ///   - path: a folder that is missing or empty.
  ///   - progress: called with the number of scenes done.
  /// - Throws: `PlainFailure`: 73 where `path` is not empty or cannot be created, 74 where writing fails.
  public func write(to path: String, progress: (Int) throws -> Void = { _ in }) throws -> Summary {
    let target = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    guard try isFree(target) else {
      throw PlainFailure(.cannotCreate, "\(target): the folder is not empty; name a new one or remove it")
    }
    let temporary = "\(target).partial-\(getpid())"
    for folder in ["", "/images", "/masks"] + (masksAskedObjects ? ["/asked"] : []) {
      guard mkdir(temporary + folder, 0o777) == 0 else {
        throw PlainFailure(.cannotCreate, "\(temporary)\(folder): cannot be created: \(systemReason())")
      }
    }
    do {
      let summary = try fill(temporary, progress)
      guard rename(temporary, target) == 0 else {
        throw PlainFailure(.cannotCreate, "\(target): cannot be created: \(systemReason())")
      }
      return summary
    } catch {
      remove(temporary)
      throw error
    }
  }

  private func isFree(_ path: String) throws -> Bool {
    guard let folder = opendir(path) else {
      if errno == ENOENT { return true }
      throw PlainFailure(.cannotCreate, "\(path): cannot be a folder: \(systemReason())")
    }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      if ![".", ".."].contains(name(of: entry)) { return false }
    }
    return true
  }

  private func fill(_ folder: String, _ progress: (Int) throws -> Void) throws -> Summary {
    var summary = Summary()
    var manifests: [String: [UInt8]] = [:]
    func add(_ manifest: String, _ line: JSONValue) {
      line.write(to: &manifests[manifest, default: []])
      manifests[manifest, default: []].append(UInt8(ascii: "\n"))
    }
    for manifest in ["pairs", "qa", "choices", "labels", "masks", "captions", "points"] { manifests[manifest] = [] }
    for index in 0..<sceneCount {
      let scene = world.scene(index)
      let number = padded(index)
      let id = "\(world.split.rawValue)\(world.seed)-\(number)"
      let image = JSONValue.string("images/\(number).png")
      let mask = "masks/\(number).png"
      try writeFile(folder + "/images/\(number).png", scene.image.png())
      try writeFile(folder + "/" + mask, classPNG(scene.classes))

      let shape = scene.largest.shape
      let label = Shape.allCases.firstIndex(of: shape) ?? 0
      add("labels", ["id": .string(id), "image": image, "label": .int(label), "class": .string(shape.rawValue)])
      add("masks", ["id": .string(id), "image": image, "mask": .string(mask)])

      add("captions", ["id": .string(id), "image": image, "answer": .string(scene.caption)])
      for (i, point) in world.points(pointCount, of: scene, index).enumerated() {
        add("points", ["id": .string("\(id)-p\(i)"), "image": image, "answer": .string(point.text)])
      }

      let asked = world.ask(
        questionCount, about: scene, index, types: types, answers: answerVariety, rejected: rejectedStyle)
      for (i, item) in asked.enumerated() {
        let question = item.question
        let head: [(String, JSONValue)] = [
          ("id", .string("\(id)-\(i)")), ("image", image), ("question", .string(question.text)),
        ]
        var tail: [(String, JSONValue)] = [
          ("category", .string(question.type.category)), ("type", .string(question.type.rawValue)),
        ]
        if masksAskedObjects {
          let path = "asked/\(number)-\(i).png"
          try writeFile(folder + "/" + path, classPNG(scene.mask(of: question.owners)))
          tail.append(("mask", .string(path)))
        }
        func line(_ middle: [(String, JSONValue)]) -> JSONValue {
          var object = JSONObject()
          for (key, value) in head + middle + tail { object[key] = value }
          return .object(object)
        }
        let pair = try mistakes.map { try world.ask(item, "\(id)-\(i)", index, i, from: $0) } ?? item
        if let pair {
          add("pairs", line([("chosen", .string(pair.chosen)), ("rejected", .string(pair.rejected))]))
          summary.pairs += 1
        }
        add("qa", line([("answer", .string(item.chosen))]))
        add("choices", line([("choices", .array(item.choices.map(JSONValue.string))), ("gt", .string(item.truth))]))
        summary.questions += 1
        summary.byType[question.type, default: 0] += 1
      }
      summary.scenes += 1
      try progress(summary.scenes)
    }
    for (manifest, bytes) in manifests { try writeFile(folder + "/\(manifest).jsonl", bytes) }
    return summary
  }

  /// Scene numbers that sort by name: at least six digits.
  private func padded(_ index: Int) -> String {
    let text = String(index)
    return String(repeating: "0", count: max(0, 6 - text.count)) + text
  }

  /// Class numbers as a palette picture, so that a viewer shows them.
  private func classPNG(_ classes: [UInt8]) throws -> [UInt8] {
    try palettePNG(
      classes, width: Scene.size, height: Scene.size,
      palette: [
        (0, 0, 0), (230, 60, 60), (60, 180, 75), (255, 225, 25), (0, 130, 200), (245, 130, 48), (145, 30, 180),
      ])
  }
}

private func systemReason() -> String { String(cString: strerror(errno)) }

private func name(of entry: UnsafeMutablePointer<dirent>) -> String {
  withUnsafePointer(to: &entry.pointee.d_name) {
    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
  }
}

private func writeFile(_ path: String, _ bytes: [UInt8]) throws {
  guard let file = fopen(path, "wb") else {
    throw PlainFailure(.cannotCreate, "\(path): cannot be created: \(systemReason())")
  }
  let isWritten = bytes.isEmpty || fwrite(bytes, 1, bytes.count, file) == bytes.count
  let reason = systemReason()
  guard fclose(file) == 0, isWritten else {
    throw PlainFailure(.ioError, "\(path): cannot be written: \(isWritten ? systemReason() : reason)")
  }
}

/// Removes a folder that was begun and everything in it.
private func remove(_ path: String) {
  if let folder = opendir(path) {
    while let entry = readdir(folder) {
      let name = name(of: entry)
      if name == "." || name == ".." { continue }
      if entry.pointee.d_type == DT_DIR { remove(path + "/" + name) } else { unlink(path + "/" + name) }
    }
    closedir(folder)
  }
  rmdir(path)
}
