// SPDX-License-Identifier: MIT
// EXIF orientation: finding the tag in a JPEG or PNG, and turning pixels upright.

/// How a stored picture must be turned to stand upright: the EXIF tag 274's values.
enum Orientation: Int {
  case upright = 1
  case flippedAcross = 2
  case rotated180 = 3
  case flippedDown = 4
  case transposed = 5
  case rotated90 = 6  // turn a quarter clockwise
  case transversed = 7
  case rotated270 = 8  // turn a quarter counter-clockwise

  var swapsExtents: Bool { rawValue >= 5 }

  /// The tag in a JPEG's APP1 segments (EXIF, else XMP) or a PNG's eXIf chunk; upright where it is missing or nonsense.
  init(of bytes: UnsafeRawBufferPointer, _ format: ImageFormat) {
    let value =
      switch format {
      case .jpeg: Self.inJPEG(bytes)
      case .png: Self.inPNG(bytes)
      }
    self = value.flatMap(Orientation.init(rawValue:)) ?? .upright
  }

  private static func inJPEG(_ bytes: UnsafeRawBufferPointer) -> Int? {
    var xmp: Int?
    var position = 2
    while position + 4 <= bytes.count {
      guard bytes[position] == 0xff else {
        position += 1  // stray bytes between segments are legal enough
        continue
      }
      let marker = bytes[position + 1]
      if marker == 0xda || marker == 0xd9 { break }  // the scan begins
      if marker == 0xff || marker == 0 || marker == 1 || (0xd0...0xd8).contains(marker) {
        position += marker == 0xff ? 1 : 2
        continue
      }
      let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
      let end = position + 2 + length
      guard length >= 2, end <= bytes.count else { break }
      let segment = UnsafeRawBufferPointer(rebasing: bytes[(position + 4)..<end])
      if marker == 0xe1 {
        if segment.starts(with: Array("Exif\0\0".utf8)) {
          if let value = inTIFF(UnsafeRawBufferPointer(rebasing: segment[6...])) { return value }
        } else if xmp == nil, segment.starts(with: Array("http://ns.adobe.com/xap/1.0/\0".utf8)) {
          xmp = inXMP(segment)
        }
      }
      position = end
    }
    return xmp
  }

  private static func inPNG(_ bytes: UnsafeRawBufferPointer) -> Int? {
    var position = 8
    while position + 12 <= bytes.count {
      let length = (0..<4).reduce(0) { $0 << 8 | Int(bytes[position + $1]) }
      guard length <= bytes.count - position - 12 else { return nil }
      let name = bytes[(position + 4)..<(position + 8)]
      if name.elementsEqual("eXIf".utf8) {
        return inTIFF(UnsafeRawBufferPointer(rebasing: bytes[(position + 8)..<(position + 8 + length)]))
      }
      if name.elementsEqual("IEND".utf8) { return nil }
      position += 12 + length
    }
    return nil
  }

  /// Tag 274 in the first directory of a TIFF structure.
  private static func inTIFF(_ bytes: UnsafeRawBufferPointer) -> Int? {
    guard bytes.count >= 8 else { return nil }
    let isLittle = bytes[0] == 0x49
    func number(at offset: Int, bytes count: Int) -> Int {
      (0..<count).reduce(0) { $0 << 8 | Int(bytes[offset + (isLittle ? count - 1 - $1 : $1)]) }
    }
    guard bytes[0] == bytes[1], bytes[0] == 0x49 || bytes[0] == 0x4d, number(at: 2, bytes: 2) == 42 else { return nil }
    let directory = number(at: 4, bytes: 4)
    guard directory + 2 <= bytes.count else { return nil }
    for entry in 0..<number(at: directory, bytes: 2) {
      let offset = directory + 2 + entry * 12
      guard offset + 12 <= bytes.count else { return nil }
      guard number(at: offset, bytes: 2) == 274, number(at: offset + 4, bytes: 4) == 1 else { continue }
      switch number(at: offset + 2, bytes: 2) {
      case 1: return number(at: offset + 8, bytes: 1)
      case 3: return number(at: offset + 8, bytes: 2)
      case 4: return number(at: offset + 8, bytes: 4)
      default: return nil
      }
    }
    return nil
  }

  /// `tiff:Orientation="6"` or `<tiff:Orientation>6<`.
  private static func inXMP(_ bytes: UnsafeRawBufferPointer) -> Int? {
    let name = Array("tiff:Orientation".utf8)
    guard bytes.count > name.count + 2 else { return nil }
    for start in 0..<(bytes.count - name.count - 2) where bytes[start] == name[0] {
      guard name.indices.allSatisfy({ bytes[start + $0] == name[$0] }) else { continue }
      var position = start + name.count
      if bytes[position] == UInt8(ascii: "=") {
        guard bytes[position + 1] == UInt8(ascii: "\"") else { continue }
        position += 2
      } else if bytes[position] == UInt8(ascii: ">") {
        position += 1
      } else {
        continue
      }
      guard position < bytes.count, (0x30...0x39).contains(bytes[position]) else { continue }
      return Int(bytes[position]) - 0x30
    }
    return nil
  }
}

extension Image {
  /// The picture turned upright.
  func oriented(by orientation: Orientation) -> Image {
    guard orientation != .upright else { return self }
    let newWidth = orientation.swapsExtents ? height : width
    let newHeight = orientation.swapsExtents ? width : height
    // Where the pixel at (x, y) of the result lies: start + x * across + y * down, in pixels.
    let right = width - 1
    let bottom = (height - 1) * width
    let (start, across, down) =
      switch orientation {
      case .upright: (0, 1, width)
      case .flippedAcross: (right, -1, width)
      case .rotated180: (right + bottom, -1, -width)
      case .flippedDown: (bottom, 1, -width)
      case .transposed: (0, width, 1)
      case .rotated90: (bottom, -width, 1)
      case .transversed: (right + bottom, -width, -1)
      case .rotated270: (right, width, -1)
      }
    let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { buffer, count in
      pixels.withUnsafeBufferPointer { source in
        var target = 0
        for y in 0..<newHeight {
          var from = (start + y * down) * 3
          for _ in 0..<newWidth {
            buffer[target] = source[from]
            buffer[target + 1] = source[from + 1]
            buffer[target + 2] = source[from + 2]
            target += 3
            from += across * 3
          }
        }
      }
      count = pixels.count
    }
    return Image(width: newWidth, height: newHeight, pixels: turned)
  }
}
