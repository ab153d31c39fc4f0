// SPDX-License-Identifier: MIT

extension OptionText {
  /// UTF-8 with plain signs in the place of full-width, circled and typographic ones. Letters beyond ASCII are in lower
  /// case; white space beyond ASCII is a space.
  static func plain(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      if scalar.isASCII { bytes.append(UInt8(scalar.value)) } else { append(scalar, to: &bytes) }
    }
    return bytes
  }

  private static func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
    switch scalar.value {
    case 0xFF01...0xFF5E: bytes.append(UInt8(scalar.value - 0xFEE0))  // full-width ASCII
    case 0x24B6...0x24CF: bytes += "(\(Character(Unicode.Scalar(UInt8(scalar.value - 0x24B6 + 65)))))".utf8  // circled
    case 0x1D400...0x1D419: bytes.append(UInt8(scalar.value - 0x1D400 + 65))  // mathematical bold
    case 0x3002, 0x2026, 0xFF61: bytes.append(UInt8(ascii: "."))
    case 0x3001, 0xFF64: bytes.append(UInt8(ascii: ","))
    case 0x3008, 0x300A, 0x300C, 0x300E, 0x3010, 0x3014: bytes.append(UInt8(ascii: "("))
    case 0x3009, 0x300B, 0x300D, 0x300F, 0x3011, 0x3015: bytes.append(UInt8(ascii: ")"))
    case 0x2018, 0x2019: bytes.append(UInt8(ascii: "'"))
    case 0x201C...0x201F, 0xAB, 0xBB: bytes.append(UInt8(ascii: "\""))
    case 0x2012...0x2015: bytes += " - ".utf8
    case 0x2010, 0x2011, 0x2212: bytes.append(UInt8(ascii: "-"))
    case 0xB0: bytes += "^\\circ ".utf8  // degrees
    case 0x2190...0x21FF, 0x2234, 0x27A1: bytes += " => ".utf8
    case 0x2611, 0x2713, 0x2714, 0x2705: bytes += " \u{2713} ".utf8
    case 0x2717, 0x2718, 0x2716, 0x274C: bytes += " \u{2717} ".utf8
    case 0x200B...0x200F, 0xFE00...0xFE0F, 0xFEFF, 0x2600...0x27BF, 0x1F000...0x1FAFF: break  // pictures and joiners
    default:
      if scalar.properties.isWhitespace {
        bytes.append(UInt8(ascii: " "))
      } else if scalar.value < 0x2000 {
        bytes += scalar.properties.lowercaseMapping.utf8
      } else {
        bytes += String(scalar).utf8
      }
    }
  }
}
