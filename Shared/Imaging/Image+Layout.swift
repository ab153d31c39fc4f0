// SPDX-License-Identifier: MIT
// Pictures for people to look at: enlarged, tinted, put side by side.

extension Image {
  /// Every pixel `factor` × `factor` times.
  public func enlarged(_ factor: Int) -> Image {
    precondition(factor >= 1, "a picture is enlarged once or more")
    if factor == 1 { return self }
    var result = Image(width: width * factor, height: height * factor, filling: 0)
    for y in 0..<result.height {
      var source = (y / factor) * width * 3
      var target = y * result.width * 3
      for _ in 0..<width {
        for _ in 0..<factor {
          for channel in 0..<3 { result.pixels[target + channel] = pixels[source + channel] }
          target += 3
        }
        source += 3
      }
    }
    return result
  }

  /// Half the picture, half the colour of its class; a class below 0 leaves it as it is.
  ///
  /// - Parameter classes: [rows, columns], a class for each cell of a grid that is laid over the picture.
  public func tinted(_ classes: [Int32], columns: Int) -> Image {
    precondition(columns > 0 && !classes.isEmpty && classes.count % columns == 0, "classes fill a grid")
    let rows = classes.count / columns
    var result = self
    for y in 0..<height {
      for x in 0..<width {
        let label = classes[y * rows / height * columns + x * columns / width]
        guard label >= 0 else { continue }
        let color = Image.color(ofClass: Int(label))
        let at = (y * width + x) * 3
        for (channel, value) in [color.0, color.1, color.2].enumerated() {
          result.pixels[at + channel] = UInt8((UInt16(pixels[at + channel]) + UInt16(value)) / 2)
        }
      }
    }
    return result
  }

  /// A saturated colour for a class number: neighbours are far apart (hues a golden section of the circle from each other).
  /// Class 0, by custom the background, is black.
  static func color(ofClass number: Int) -> (UInt8, UInt8, UInt8) {
    if number == 0 { return (0, 0, 0) }
    let hue = (Double(number) * 0.618_033_988_749_895).truncatingRemainder(dividingBy: 1) * 6
    func channel(_ shift: Double) -> UInt8 {
      let distance = abs((hue + shift).truncatingRemainder(dividingBy: 6) - 3) - 1
      return UInt8((min(1, max(0, distance)) * 255).rounded())
    }
    return (channel(0), channel(4), channel(2))
  }

  /// Pictures in rows, each row from the left, on white with `gap` white pixels between them. The cells of a sheet are as
  /// large as its largest picture.
  ///
  /// - Throws: `ImageError.tooLarge` where the sheet would have more pixels than a picture may have.
  public static func sheet(_ rows: [[Image]], gap: Int) throws(ImageError) -> Image {
    let width = rows.joined().map(\.width).max() ?? 1
    let height = rows.joined().map(\.height).max() ?? 1
    let columns = rows.map(\.count).max() ?? 1
    precondition(columns > 0 && gap >= 0, "a sheet has pictures")
    let (across, down) = (columns * (width + gap) - gap, rows.count * (height + gap) - gap)
    guard across <= mostPixels / max(1, down) else { throw .tooLarge(width: across, height: down) }
    var sheet = Image(width: across, height: down, filling: 255)
    for (row, pictures) in rows.enumerated() {
      for (column, picture) in pictures.enumerated() {
        for y in 0..<picture.height {
          let target = ((row * (height + gap) + y) * across + column * (width + gap)) * 3
          let source = y * picture.width * 3
          sheet.pixels.replaceSubrange(
            target..<target + picture.width * 3, with: picture.pixels[source..<source + picture.width * 3])
        }
      }
    }
    return sheet
  }
}
