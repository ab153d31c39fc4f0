// SPDX-License-Identifier: MIT
// preprocessor_config.json: what transformers' processors make of it, and what is refused.

import StrictJSON
import TestSupport
import Testing

@testable import Imaging

@Suite struct PreprocessorTests {
  @Test(arguments: PillowCase.of("preprocess")) func agreesWithTransformers(_ test: PillowCase) throws {
    let preprocessor = try Preprocessor(json: #require(test.line["config"]))
    var source = try Image.decode(test.bytes())
    if test.line["transpose"]?.bool == true { source = source.oriented(by: .transposed) }
    let result = try preprocessor.preprocess(source)
    test.check(result)
    if let size = preprocessor.outputSize { #expect([size.width, size.height] == [result.width, result.height]) }
  }

  private func read(_ text: String) throws -> Preprocessor { try Preprocessor(json: JSONValue.parse(text)) }

  @Test func publishedConfigsAreUnderstood() throws {
    // google/siglip-so400m-patch14-384, openai/clip-vit-large-patch14-336, facebook/dinov2-base,
    // google/vit-base-patch16-224
    let siglip = try read(
      """
      {"do_normalize": true, "do_rescale": true, "do_resize": true, "image_mean": [0.5, 0.5, 0.5],
       "image_processor_type": "SiglipImageProcessor", "image_std": [0.5, 0.5, 0.5],
       "processor_class": "SiglipProcessor",
       "resample": 3, "rescale_factor": 0.00392156862745098, "size": {"height": 384, "width": 384}}
      """)
    #expect(
      siglip
        == Preprocessor(
          resizing: .stretch(width: 384, height: 384), filter: .bicubic, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]))
    let clip = try read(
      """
      {"crop_size": 336, "do_center_crop": true, "do_normalize": true, "do_resize": true,
       "feature_extractor_type": "CLIPFeatureExtractor", "image_mean": [0.48145466, 0.4578275, 0.40821073],
       "image_std": [0.26862954, 0.26130258, 0.27577711], "resample": 3, "size": 336}
      """)
    #expect(clip.resizing == .shortestEdge(336))
    #expect(clip.crop == Preprocessor.Size(width: 336, height: 336))
    #expect(clip.mean == [0.48145466, 0.4578275, 0.40821073])
    let dino = try read(
      """
      {"crop_size": {"height": 224, "width": 224}, "do_center_crop": true, "do_convert_rgb": true, "do_normalize": true,
       "do_rescale": true, "do_resize": true, "image_mean": [0.485, 0.456, 0.406],
       "image_processor_type": "BitImageProcessor", "image_std": [0.229, 0.224, 0.225], "resample": 3,
       "rescale_factor": 0.00392156862745098, "size": {"shortest_edge": 256}}
      """)
    #expect(dino.resizing == .shortestEdge(256))
    #expect(dino.outputSize == Preprocessor.Size(width: 224, height: 224))
    let vit = try read(
      """
      {"do_normalize": true, "do_resize": true, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5],
       "size": 224,
       "image_processor_type": "ViTImageProcessorFast", "resample": 2}
      """)
    #expect(vit.resizing == .stretch(width: 224, height: 224))
    #expect(vit.filter == .bilinear)
  }

  @Test func aBareSizeFollowsTheClassOrTheCrop() throws {
    let rest = #""resample": 3, "image_mean": 0.5, "image_std": 0.5, "size": 20"#
    #expect(try read("{\(rest)}").resizing == .stretch(width: 20, height: 20))
    #expect(try read(#"{"do_center_crop": true, "crop_size": 20, \#(rest)}"#).resizing == .shortestEdge(20))
    #expect(try read(#"{"default_to_square": false, \#(rest)}"#).resizing == .shortestEdge(20))
    #expect(
      try read(#"{"image_processor_type": "SiglipImageProcessor", \#(rest)}"#).resizing
        == .stretch(width: 20, height: 20))
  }

  @Test func whatAFamilyWritesIsWhatItDoesWhereItIsSilent() throws {
    for (name, family) in [("Siglip", Preprocessor.Family.siglip), ("CLIP", .clip)] {
      let written = try Preprocessor(json: .object(family.json(side: 224)))
      #expect(try written == read("{\"image_processor_type\": \"\(name)ImageProcessor\"}"))
      #expect(try Preprocessor(json: .object(family.json(side: 336))).outputSize?.height == 336)
    }
  }

  @Test func missingKeysTakeTheDefaultsOfTheNamedClass() throws {
    let clip = try read(#"{"image_processor_type": "CLIPImageProcessor"}"#)
    #expect(clip.resizing == .shortestEdge(224) && clip.filter == .bicubic && clip.crop?.width == 224)
    #expect(try read(#"{"image_processor_type": "SiglipImageProcessor", "resample": null}"#).filter == .bicubic)
    #expect(try read(#"{"image_processor_type": "ViTImageProcessor", "do_normalize": false}"#).mean == [0, 0, 0])
  }

  @Test(arguments: [
    ("[]", #""preprocessor_config.json" is an array, expected an object"#),
    ("{}", #""size" is missing, expected a number, {"height", "width"} or {"shortest_edge"}"#),
    (#"{"size": -3}"#, #""size" is -3, expected whole numbers of pixels, 1...8192"#),
    (#"{"size": 1000000}"#, #""size" is 1000000, expected whole numbers of pixels, 1...8192"#),
    (#"{"size": "big"}"#, #""size" is "big", expected a number, {"height", "width"} or {"shortest_edge"}"#),
    (
      #"{"size": {"longest_edge": 9}}"#,
      #""size" is {"longest_edge":9}, expected a number, {"height", "width"} or {"shortest_edge"}"#
    ),
    (
      #"{"size": {"height": 9, "width": 0}}"#,
      #""size" is {"height":9,"width":0}, expected whole numbers of pixels, 1...8192"#
    ),
    (
      #"{"size": 9, "resample": 7}"#,
      #""resample" is 7, expected 0 (nearest), 1 (lanczos), 2 (bilinear), 3 (bicubic), 4 (box) or 5 (hamming)"#
    ),
    (
      #"{"size": 9}"#,
      #""resample" is missing, expected 0 (nearest), 1 (lanczos), 2 (bilinear), 3 (bicubic), 4 (box) or 5 (hamming)"#
    ),
    (#"{"size": 9, "do_resize": "yes"}"#, #""do_resize" is "yes", expected true or false"#),
    (
      #"{"size": 9, "do_center_crop": true, "resample": 3}"#,
      #""crop_size" is missing, expected a number or {"height", "width"}"#
    ),
    (#"{"size": 9, "resample": 3, "image_mean": [0.5, 0.5]}"#, #""image_mean" is [0.5,0.5], expected three numbers"#),
    (
      #"{"size": 9, "resample": 3, "image_mean": [1, 2, 3, "x"]}"#,
      #""image_mean" is [1,2,3,"x"], expected three numbers"#
    ),
    (
      #"{"size": 9, "resample": 3, "image_mean": 0.5, "image_std": [1, 0, 1]}"#,
      #""image_std" is [1,0,1], expected three numbers above 0"#
    ),
    (#"{"rescale_factor": 0.5}"#, #""rescale_factor" is 0.5, expected 1/255 (0.00392156862745098)"#),
    (
      #"{"do_rescale": false}"#,
      #""do_rescale" is false: a model that sees 0...255 instead of 0...1 is not supported"#
    ),
    (#"{"do_pad": true}"#, #""do_pad" is true: padding is not supported"#),
    (
      #"{"image_grid_pinpoints": [[1, 2]]}"#,
      #""image_grid_pinpoints" is [[1,2]]: cutting pictures into tiles is not supported"#
    ),
  ]) func strangeValuesAreRefused(_ text: String, _ message: String) throws {
    let json = try JSONValue.parse(text)
    let error = #expect(throws: PreprocessorError.self) { try Preprocessor(json: json) }
    #expect(error?.description == message)
    #expect(error?.exitStatus == .badData)
  }

  @Test func aPictureLikeAThreadIsRefused() {
    let thread = Image(width: 1, height: 300_000, filling: 0)
    let preprocessor = Preprocessor(resizing: .shortestEdge(224), filter: .bicubic, mean: [0, 0, 0], std: [1, 1, 1])
    #expect(throws: ImageError.tooNarrow(width: 1, height: 300_000, edge: 224)) { try preprocessor.preprocess(thread) }
  }

  @Test func aMaskFollowsItsPicture() throws {
    // A picture whose left half is class 1 in red: after resizing and cropping, red and class still agree.
    let image = Image(
      width: 40, height: 20, pixels: (0..<800).flatMap { $0 % 40 < 20 ? [255, 0, 0] : [0, 0, 0] as [UInt8] })
    let labels = LabelImage(width: 40, height: 20, values: (0..<800).map { $0 % 40 < 20 ? 1 : 0 })
    let preprocessor = Preprocessor(
      resizing: .shortestEdge(10), filter: .nearest, crop: .init(width: 14, height: 12), mean: [0, 0, 0],
      std: [1, 1, 1])
    let small = try preprocessor.preprocess(image)
    let mask = try preprocessor.preprocess(labels)
    for i in mask.values.indices {
      let isPadding = i / 14 < 1 || i / 14 >= 11
      #expect(mask.values[i] == (isPadding ? -1 : small.pixels[i * 3] == 255 ? 1 : 0))
    }
  }
}
