// SPDX-License-Identifier: MIT
// A folder of classes: one sub-folder a class, its images inside.

import Failures
import Glibc

/// Lists the images of `DIR/<class>/*.jpg|jpeg|png`, classes and files in the order of their names' bytes; a class's
/// number is its place in that order.
public final class ImageFolder: ExampleSource {
  public let path: String
  private let classes: [String]
  private var position = (class: 0, file: 0)
  private var files: [String] = []
  /// Files that are not images by their name, and files beside the classes; they are left out.
  public private(set) var leftOut = 0

  public init(path: String) throws {
    self.path = path
    let entries = try Self.entries(path)
    classes = entries.filter(\.isFolder).map(\.name)
    leftOut = entries.count - classes.count
    guard !classes.isEmpty else {
      throw PlainFailure.badData("\(path): has no sub-folders, expected one a class")
    }
    files = try images(ofClass: 0)
  }

  public func next() throws -> ManifestExample? {
    while position.file == files.count {
      position = (position.class + 1, 0)
      guard position.class < classes.count else {
        files = []
        position = (classes.count - 1, 0)
        return nil
      }
      files = try images(ofClass: position.class)
    }
    defer { position.file += 1 }
    let (name, file) = (classes[position.class], files[position.file])
    let id = "\(name)/\(file)"
    return ManifestExample(
      place: ManifestPlace(source: path, line: nil, id: id), id: id, image: "\(path)/\(id)",
      label: Int32(position.class), class: name)
  }

  private func images(ofClass index: Int) throws -> [String] {
    let entries = try Self.entries(path + "/" + classes[index])
    let images = entries.filter { !$0.isFolder && Self.isImage($0.name) }.map(\.name)
    leftOut += entries.count - images.count
    return images
  }

  private static func isImage(_ name: String) -> Bool {
    let name = name.lowercased()
    return [".jpg", ".jpeg", ".png"].contains { name.hasSuffix($0) }
  }

  /// What lies in a folder, hidden entries left aside, sorted by the bytes of the names.
  private static func entries(_ path: String) throws -> [(name: String, isFolder: Bool)] {
    guard let folder = opendir(path) else { throw PlainFailure.missingInput("\(path): \(systemReason())") }
    defer { closedir(folder) }
    var entries: [(name: String, isFolder: Bool)] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasPrefix(".") { continue }
      var status = stat()
      let isFolder = stat(path + "/" + name, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
      entries.append((name, isFolder))
    }
    return entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }
}
