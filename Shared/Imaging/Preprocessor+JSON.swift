// SPDX-License-Identifier: MIT
// Reading preprocessor_config.json.  Nothing is guessed: a key that changes pixels is followed or refused, and a
// missing one takes the default of the processor class that the file names.

import StrictJSON

extension Preprocessor {
  /// - Parameter json: the content of preprocessor_config.json.
  /// - Throws: `PreprocessorError` that names the key, its value and what was expected.
  public init(json: JSONValue) throws(PreprocessorError) {
    guard json.object != nil else {
      throw PreprocessorError(key: "preprocessor_config.json", problem: "is \(json.kind), expected an object")
    }
    let reader = Reader(json)
    try reader.refuseWhatElseChangesPixels()
    let family = try reader.family()

    guard try reader.flag("do_rescale", default: true) else {
      throw .unsupported("do_rescale", false, "a model that sees 0...255 instead of 0...1")
    }
    if let value = reader["rescale_factor"] {
      guard let factor = value.double, (factor * 255 - 1).magnitude <= 1e-6 else {
        throw .value("rescale_factor", value, expected: "1/255 (0.00392156862745098)")
      }
    }
    let normalizes = try reader.flag("do_normalize", default: true)
    let crops = try reader.flag("do_center_crop", default: family?.crop != nil)
    let resizes = try reader.flag("do_resize", default: true)
    self.init(
      resizing: resizes ? try reader.resizing(family, crops: crops) : .none,
      filter: resizes ? try reader.filter(family) : .nearest,
      crop: crops ? try reader.crop(family) : nil,
      mean: normalizes ? try reader.channels("image_mean", family?.mean) : [0, 0, 0],
      std: normalizes ? try reader.channels("image_std", family?.std, positive: true) : [1, 1, 1])
  }
}

private struct Reader {
  private let json: JSONValue

  init(_ json: JSONValue) { self.json = json }

  /// A key's value; null counts as missing.
  subscript(key: String) -> JSONValue? { json[key].flatMap { $0.isNull ? nil : $0 } }

  func flag(_ key: String, default fallback: Bool) throws(PreprocessorError) -> Bool {
    guard let value = self[key] else { return fallback }
    guard let flag = value.bool else { throw .value(key, value, expected: "true or false") }
    return flag
  }

  /// The class that wrote the file, by its name without "ImageProcessor", "ImageProcessorFast", "FeatureExtractor".
  func family() throws(PreprocessorError) -> Preprocessor.Family? {
    for key in ["image_processor_type", "feature_extractor_type"] {
      guard let value = self[key] else { continue }
      guard let name = value.string else { throw .value(key, value, expected: "the name of a class") }
      for suffix in ["ImageProcessorFast", "ImageProcessorPil", "ImageProcessor", "FeatureExtractor"]
      where name.hasSuffix(suffix) {
        return Preprocessor.Family.known[String(name.dropLast(suffix.count))]
      }
    }
    return nil
  }

  func refuseWhatElseChangesPixels() throws(PreprocessorError) {
    let switches = [
      ("do_pad", "padding"), ("do_image_splitting", "splitting pictures into tiles"),
      ("do_flip_channel_order", "BGR order"), ("do_thumbnail", "making thumbnails"),
      ("do_align_long_axis", "turning pictures"), ("do_align_axis", "turning pictures"),
      ("do_crop_margin", "cutting margins"), ("rescale_offset", "rescaling to -1...1"),
      ("do_reduce_labels", "renumbering"),
      ("do_grayscale", "turning pictures gray"),
    ]
    for (key, what) in switches {
      if try flag(key, default: false) { throw .unsupported(key, true, what) }
    }
    for (key, what) in [
      ("image_grid_pinpoints", "cutting pictures into tiles"), ("min_pixels", "a size that depends on the picture"),
      ("max_pixels", "a size that depends on the picture"), ("max_num_patches", "a size that depends on the picture"),
      ("crop_pct", "a crop in per cent"),
    ] {
      if let value = self[key] { throw .unsupported(key, value, what) }
    }
  }

  func resizing(_ family: Preprocessor.Family?, crops: Bool) throws(PreprocessorError) -> Preprocessor.Resizing {
    let expected = "a number, {\"height\", \"width\"} or {\"shortest_edge\"}"
    guard let value = self["size"] else {
      guard let family else { throw PreprocessorError(key: "size", problem: "is missing, expected \(expected)") }
      return family.size
    }
    if value.int != nil {
      // A bare number is an edge for the processors that crop, a square for the others.
      let edge = try pixels("size", value)
      let isSquare: Bool
      if case .stretch? = family?.size {
        isSquare = true
      } else if family != nil {
        isSquare = false
      } else {
        isSquare = try flag("default_to_square", default: !crops)
      }
      return isSquare ? .stretch(width: edge, height: edge) : .shortestEdge(edge)
    }
    guard let object = value.object else { throw .value("size", value, expected: expected) }
    let keys = object.entries.filter { !$0.value.isNull }.map(\.key).sorted()
    if keys == ["height", "width"] {
      return .stretch(width: try pixels("size", value, "width"), height: try pixels("size", value, "height"))
    }
    guard keys == ["shortest_edge"] else { throw .value("size", value, expected: expected) }
    return .shortestEdge(try pixels("size", value, "shortest_edge"))
  }

  func crop(_ family: Preprocessor.Family?) throws(PreprocessorError) -> Preprocessor.Size {
    let expected = "a number or {\"height\", \"width\"}"
    guard let value = self["crop_size"] else {
      guard let crop = family?.crop else {
        throw PreprocessorError(key: "crop_size", problem: "is missing, expected \(expected)")
      }
      return Preprocessor.Size(width: crop, height: crop)
    }
    if value.int != nil {
      let edge = try pixels("crop_size", value)
      return Preprocessor.Size(width: edge, height: edge)
    }
    guard let object = value.object,
      object.entries.filter({ !$0.value.isNull }).map(\.key).sorted() == ["height", "width"]
    else { throw .value("crop_size", value, expected: expected) }
    return Preprocessor.Size(
      width: try pixels("crop_size", value, "width"), height: try pixels("crop_size", value, "height"))
  }

  /// An extent: of a bare number, or of an object's member.
  private func pixels(_ key: String, _ value: JSONValue, _ member: String? = nil) throws(PreprocessorError) -> Int {
    let most = 8192
    guard let count = (member.map { value[$0] } ?? value)?.int, (1...most).contains(count) else {
      throw .value(key, value, expected: "whole numbers of pixels, 1...\(most)")
    }
    return count
  }

  func filter(_ family: Preprocessor.Family?) throws(PreprocessorError) -> ResizeFilter {
    let expected = "0 (nearest), 1 (lanczos), 2 (bilinear), 3 (bicubic), 4 (box) or 5 (hamming)"
    guard let value = self["resample"] else {
      guard let family else { throw PreprocessorError(key: "resample", problem: "is missing, expected \(expected)") }
      return family.filter
    }
    guard let filter = value.int.flatMap(ResizeFilter.init(rawValue:)) else {
      throw .value("resample", value, expected: expected)
    }
    return filter
  }

  /// Three numbers, or one for all.
  func channels(_ key: String, _ fallback: [Double]?, positive: Bool = false) throws(PreprocessorError) -> [Double] {
    let expected = positive ? "three numbers above 0" : "three numbers"
    guard let value = self[key] else {
      guard let fallback else { throw PreprocessorError(key: key, problem: "is missing, expected \(expected)") }
      return fallback
    }
    let numbers = value.array?.map(\.double) ?? [value.double, value.double, value.double]
    let found = numbers.compactMap { $0 }
    guard numbers.count == 3, found.count == 3, found.allSatisfy({ $0.isFinite && (!positive || $0 > 0) }) else {
      throw .value(key, value, expected: expected)
    }
    return found
  }
}
