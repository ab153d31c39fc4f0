// SPDX-License-Identifier: MIT
import ArgumentParser
import Failures
import Glibc
import Imaging
import Manifests
import TensorStream
import ToolSupport

struct Pictures: FrameConsumer {
  static let configuration = CommandConfiguration(
    commandName: "png",
    abstract: "Write an example's image as PNG, or many, or a contact sheet.",
    discussion: """
      The picture is what the model sees: resized, cropped and cut into patches, pixel for pixel. Of an example with \
      several images they stand side by side, those of the rejected response in a second row. Without --out and --sheet the \
      first picture goes to standard output.

      Examples:
        frames png --id train1-000007-0 pairs > one.png
        frames select --where category=vision pairs | frames png --out pictures
        frames png --sheet 36 --scale 2 pairs > sheet.png
      """)

  @Option(help: ArgumentHelp("The example to show.", valueName: "id"))
  var id: String?

  @Option(
    help: ArgumentHelp(
      "Write a file ID.png for each example into this folder, which is made where it is missing, and print its path.",
      valueName: "folder"))
  var out: String?

  @Option(
    help: ArgumentHelp(
      "Write the first so many examples to standard output as one picture, row by row.", valueName: "n"))
  var sheet: Int?

  @Option(help: ArgumentHelp("Write every pixel so many times across and down.", valueName: "n"))
  var scale = 1

  @Flag(help: "Tint the patches by their class in \"mask\", a colour a class; class 0 is darkened.")
  var mask = false

  @OptionGroup var input: InputOptions

  func validate() throws {
    if out != nil && sheet != nil { throw ValidationError("--out and --sheet exclude each other") }
    if id != nil && sheet != nil { throw ValidationError("--id and --sheet exclude each other") }
    if let sheet, !(1...10_000).contains(sheet) { throw ValidationError("--sheet \(sheet): must be 1 to 10000") }
    if !(1...64).contains(scale) { throw ValidationError("--scale \(scale): must be 1 to 64") }
    if out == nil && isatty(1) == 1 {
      throw ValidationError("a picture is no text for a terminal; write it to a file with > or --out")
    }
  }

  mutating func run(_ io: ToolIO) throws {
    if let out { try makeFolder(out) }
    var sheetPictures: [Image] = []
    var taken: [String: Int] = [:]
    var (written, seen) = (0, 0)
    while let frame = try io.next() {
      seen += 1
      if let id, frame.id != id { continue }
      try io.attempt {
        guard let picture = try picture(of: frame) else {
          if id != nil { throw frame.error("has no \"patches\", so there is no picture") }
          return
        }
        written += 1
        if let out {
          let path = out + "/" + fileName(frame.id, &taken)
          try writeFile(path, picture.png())
          try io.line(path)
        } else if sheet != nil {
          sheetPictures.append(picture)
        } else {
          try io.write(bytes: picture.png())
        }
      }
      // What comes behind the last picture that is wanted is not read.
      if out == nil && written == sheet ?? 1 { break }
    }
    guard written > 0 else {
      throw PlainFailure.badData(
        id.map { "none of \(seen) frames has the id \"\($0)\"" }
          ?? "none of \(seen) frames has \"patches\", so there is no picture; imgtok makes them")
    }
    if !sheetPictures.isEmpty {
      let columns = Int(Double(sheetPictures.count).squareRoot().rounded(.up))
      let rows = stride(from: 0, to: sheetPictures.count, by: columns).map { start in
        Array(sheetPictures[start..<min(sheetPictures.count, start + columns)])
      }
      try io.write(bytes: Image.sheet(rows, gap: 4 * scale).png())
    } else if out != nil && written < seen && id == nil {
      Diagnostics.note("\(seen - written) of \(seen) frames have no picture")
    }
  }

  /// All images of an example as one picture; nil where it has none.
  private func picture(of frame: Frame) throws -> Image? {
    var rows = [try frame.images(.prompt), try frame.images(.rejected)]
    if mask, !rows[0].isEmpty {
      guard let classes = try frame.maskClasses() else { throw frame.error("there is no tensor \"mask\" to tint with") }
      rows[0][0] = rows[0][0].tinted(classes.values, columns: classes.columns)
    }
    rows = rows.filter { !$0.isEmpty }.map { $0.map { $0.enlarged(scale) } }
    if rows.isEmpty { return nil }
    if rows.count == 1 && rows[0].count == 1 { return rows[0][0] }
    return try Image.sheet(rows, gap: 2 * scale)
  }
}

/// A file name that says the id and nothing else: what is no letter, digit, dot, dash or underscore becomes %XX of its
/// bytes, and an id that came before gets a number.
func fileName(_ id: String, _ taken: inout [String: Int]) -> String {
  var name = ""
  for (position, byte) in id.utf8.enumerated() {
    let character = Character(Unicode.Scalar(byte))
    let isPlain = byte < 0x80 && (character.isLetter || character.isNumber || "-_".contains(character))
    if isPlain || (byte == 0x2E && position > 0) {
      name.append(character)
    } else {
      let hex = String(byte, radix: 16, uppercase: true)
      name += "%" + (hex.count == 1 ? "0" : "") + hex
    }
  }
  // A file system takes 255 bytes.
  if name.utf8.count > 200 { name = String(name.prefix(200)) }
  let count = taken[name, default: 0]
  taken[name] = count + 1
  return name + (count == 0 ? "" : "+\(count + 1)") + ".png"
}

private func makeFolder(_ path: String) throws {
  guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
    throw PlainFailure(.cannotCreate, "--out \(path): cannot create: \(String(cString: strerror(errno)))")
  }
}

private func writeFile(_ path: String, _ bytes: [UInt8]) throws {
  guard let file = fopen(path, "wb") else {
    throw PlainFailure(.cannotCreate, "\(path): cannot create: \(String(cString: strerror(errno)))")
  }
  let count = fwrite(bytes, 1, bytes.count, file)
  let reason = String(cString: strerror(errno))
  guard fclose(file) == 0, count == bytes.count else {
    throw PlainFailure(.ioError, "\(path): writing failed: \(reason)")
  }
}
