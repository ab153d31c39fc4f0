// SPDX-License-Identifier: MIT
// What `ckpt new` can make: architectures, sizes and a chat. How an architecture of given sizes is described is in its own file.
import ArgumentParser
import Models

enum Preset: String, CaseIterable, ExpressibleByArgument {
  /// 48×48 pictures of miniworld; 1.8 M parameters.
  case mini
  /// `mini` in LLaVA-1.5's architectures: a class token, and a chat without a system line.
  case miniLlava = "mini-llava"
  /// The shape of the speed benchmarks; 9.3 M parameters.
  case benchMini = "bench-mini"
  /// SigLIP-B/16-224 with Qwen2.5-0.5B; 588 M parameters.
  case base = "siglip-b16-224+qwen2.5-0.5b"

  var recipe: Recipe {
    switch self {
    case .mini: Recipe(SigLIP.self, Self.miniVision, Qwen2.self, Self.miniLanguage, .chatml)
    case .miniLlava: Recipe(CLIP.self, Self.miniVision, Llama.self, Self.miniLanguage, .llava)
    case .benchMini:
      Recipe(
        SigLIP.self, VisionSizes(image: 128, patch: 16, width: 192, mlpWidth: 768, layers: 7, heads: 3),
        Qwen2.self,
        LanguageSizes(
          width: 256, mlpWidth: 704, layers: 6, heads: 4, keyHeads: 2, vocabulary: 4096, positions: 2048, theta: 10_000),
        .chatml)
    case .base:
      Recipe(
        SigLIP.self, VisionSizes(image: 224, patch: 16, width: 768, mlpWidth: 3072, layers: 12, heads: 12),
        Qwen2.self,
        LanguageSizes(
          width: 896, mlpWidth: 4864, layers: 24, heads: 14, keyHeads: 2, vocabulary: 151_936, positions: 32_768,
          theta: 1_000_000),
        .chatml)
    }
  }

  private static let miniVision = VisionSizes(image: 48, patch: 6, width: 128, mlpWidth: 512, layers: 5, heads: 4)
  private static let miniLanguage = LanguageSizes(
    width: 128, mlpWidth: 320, layers: 3, heads: 4, keyHeads: 2, vocabulary: 640, positions: 2048, theta: 10_000,
    deviation: 0.08)
}
