// SPDX-License-Identifier: MIT
// The image processors of transformers that a preprocessor_config.json may name, and what each does where it is silent.
import StrictJSON

extension Preprocessor {
  /// What a processor class does where its file is silent.
  public struct Family: Sendable {
    /// Its name in `image_processor_type`, without "ImageProcessor".
    let name: String
    let mean: [Double]
    let std: [Double]
    let filter: ResizeFilter
    let size: Resizing
    let crop: Int?

    private init(
      _ name: String, mean: [Double], std: [Double], _ filter: ResizeFilter, _ size: Resizing, crop: Int? = nil
    ) {
      (self.name, self.mean, self.std) = (name, mean, std)
      (self.filter, self.size, self.crop) = (filter, size, crop)
    }

    private static let half = [0.5, 0.5, 0.5]
    private static let imageNet = (mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225])
    private static let openAI = (
      mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711]
    )
    private static let square = Resizing.stretch(width: 224, height: 224)

    public static let siglip = Family("Siglip", mean: half, std: half, .bicubic, square)
    public static let clip = Family(
      "CLIP", mean: openAI.mean, std: openAI.std, .bicubic, .shortestEdge(224), crop: 224)

    static let known = Dictionary(
      uniqueKeysWithValues: [
        siglip, clip,
        Family("ViT", mean: half, std: half, .bilinear, square),
        Family("Bit", mean: openAI.mean, std: openAI.std, .bicubic, .shortestEdge(224), crop: 224),
        Family(
          "DeiT", mean: imageNet.mean, std: imageNet.std, .bicubic, .stretch(width: 256, height: 256), crop: 224),
      ].map { ($0.name, $0) })

    /// preprocessor_config.json of this family for pictures of `side` pixels, every key of it written out.
    public func json(side: Int) -> JSONObject {
      func numbers(_ values: [Double]) -> JSONValue { .array(values.map { .double($0) }) }
      var json = JSONObject()
      if crop != nil {
        json["crop_size"] = ["height": .int(side), "width": .int(side)]
        json["do_center_crop"] = true
      }
      for step in ["do_convert_rgb", "do_normalize", "do_rescale", "do_resize"] { json[step] = true }
      json["image_mean"] = numbers(mean)
      json["image_processor_type"] = .string(name + "ImageProcessor")
      json["image_std"] = numbers(std)
      json["processor_class"] = "LlavaProcessor"
      json["resample"] = .int(filter.rawValue)
      json["rescale_factor"] = .double(1.0 / 255)
      switch size {
      case .shortestEdge: json["size"] = ["shortest_edge": .int(side)]
      case .stretch, .none: json["size"] = ["height": .int(side), "width": .int(side)]
      }
      return json
    }
  }
}
