// swift-tools-version: 6.1
// The floor plan. Lowest floor first; an entry uses only entries above it. A test reads this manifest's dump and
// checks that every arrow points down.
import PackageDescription

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

/// Hot loops stay usable in debug builds: without -O a test of a whole model takes minutes.
let optimised: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]
let vectorised: [CSetting] = [
  .unsafeFlags(["-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast"])
]

func library(_ name: String, pkgConfig: String, apt: String) -> Target {
  .systemLibrary(name: name, path: "Shared/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}
func c(_ name: String, uses: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: uses, path: "Shared/\(name)", cSettings: vectorised)
}
func shared(_ name: String, uses: [Target.Dependency]) -> Target {
  .target(
    name: name, dependencies: uses, path: "Shared/\(name)", exclude: documents[name] ?? [], swiftSettings: optimised)
}
func tool(_ name: String, uses: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: uses + ["ToolSupport", argumentParser], path: "Tools/\(name)")
}
func tests(_ name: String, uses: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: uses + ["TestSupport"], path: "Tests/\(name)", swiftSettings: optimised)
}
/// Prose that lives beside the code it describes.
let documents: [String: [String]] = ["TensorStream": ["THREATS.md"]]

let floors: [Target] = [
  library("COpenBLAS", pkgConfig: "openblas", apt: "libopenblas-dev"),
  library("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
  library("CJPEG", pkgConfig: "libjpeg", apt: "libjpeg-dev"),
  library("CPNG", pkgConfig: "libpng", apt: "libpng-dev"),
  c("CKernels"),
  c("CImageCodecs", uses: ["CPNG", "CJPEG"]),
  shared("Characters", uses: []),
  shared("Failures", uses: []),
  shared("StrictJSON", uses: ["Failures"]),
  shared("Clocks", uses: []),
  shared("Digests", uses: []),
  shared("Randomness", uses: []),
  shared("Statistics", uses: []),
  shared("Mathematics", uses: ["Characters"]),
  shared(
    "Rewards", uses: ["Characters", "Failures", "StrictJSON", "Digests", "Randomness", "Statistics", "Mathematics"]),
  shared("Tensors", uses: ["Failures", "CKernels"]),
  shared("TensorStream", uses: ["Failures", "StrictJSON", "Clocks", "Digests", "Tensors", "CZlib"]),
  shared("LinearAlgebra", uses: ["CKernels", "COpenBLAS", "Tensors"]),
  shared("Autograd", uses: ["Tensors", "LinearAlgebra"]),
  shared("Imaging", uses: ["Failures", "StrictJSON", "CImageCodecs"]),
  shared("Jinja", uses: ["Failures", "StrictJSON"]),
  shared("Tokenizers", uses: ["Failures", "StrictJSON", "Digests", "Jinja"]),
  shared("Manifests", uses: ["Failures", "StrictJSON", "Digests", "TensorStream", "Imaging", "Tokenizers"]),
  shared("MiniWorlds", uses: ["Failures", "StrictJSON", "Randomness", "Imaging"]),
  shared("Checkpoints", uses: ["Failures", "StrictJSON", "Digests", "Tensors", "TensorStream", "LinearAlgebra"]),
  shared("Layers", uses: ["Failures", "StrictJSON", "Randomness", "CKernels", "Tensors", "Autograd", "Checkpoints"]),
  shared(
    "Models",
    uses: ["Failures", "StrictJSON", "CKernels", "Tensors", "Autograd", "Imaging", "Checkpoints", "Layers"]),
  shared("Surgery", uses: ["Failures", "StrictJSON", "Tensors", "Checkpoints", "Layers", "Models"]),
  shared(
    "Probing",
    uses: [
      "Failures", "StrictJSON", "Randomness", "Statistics", "CKernels", "Tensors", "TensorStream", "LinearAlgebra",
      "Autograd", "Imaging", "Checkpoints", "Models",
    ]),
  shared(
    "Generation",
    uses: [
      "Failures", "Digests", "Randomness", "CKernels", "Tensors", "Autograd", "Checkpoints", "Layers", "Models",
    ]),
  shared(
    "Examples",
    uses: [
      "Failures", "StrictJSON", "Digests", "TensorStream", "Imaging", "Tokenizers", "Tensors", "Checkpoints", "Layers",
      "Models",
    ]),
  shared("OptionTables", uses: ["StrictJSON"]),
  shared("Objectives", uses: ["StrictJSON", "TensorStream", "OptionTables", "Examples"]),
  shared(
    "Inference",
    uses: [
      "Failures", "StrictJSON", "Statistics", "Tensors", "Autograd", "TensorStream", "Tokenizers", "Checkpoints",
      "Layers", "Models", "Generation", "Examples", "OptionTables", "Objectives",
    ]),
  shared(
    "Training",
    uses: [
      "Failures", "StrictJSON", "Clocks", "Digests", "Randomness", "Tensors", "Autograd", "TensorStream", "Checkpoints",
      "Layers", "Models", "OptionTables", "Examples", "Objectives", "Inference",
    ]),
  shared("ToolSupport", uses: ["Failures", "StrictJSON", "Clocks", "TensorStream", argumentParser]),
  shared("ComputeSupport", uses: ["Failures", "Tensors", "LinearAlgebra", "ToolSupport", argumentParser]),
  shared(
    "StepSupport",
    uses: [
      "Failures", "OptionTables", "Layers", "Models", "Examples", "Objectives", "Training", "ToolSupport",
      "ComputeSupport",
      argumentParser,
    ]),
]

let tools: [Target] = [
  tool(
    "frames",
    uses: ["Failures", "StrictJSON", "Digests", "Randomness", "Tensors", "TensorStream", "Imaging", "Manifests"]),
  tool("miniworld", uses: ["TensorStream", "MiniWorlds"]),
  tool(
    "ckpt",
    uses: [
      "Failures", "StrictJSON", "Tensors", "Tokenizers", "MiniWorlds", "Checkpoints", "Layers", "Models", "Surgery",
      "ComputeSupport",
    ]),
  tool(
    "imgtok",
    uses: [
      "Failures", "StrictJSON", "Tensors", "Imaging", "Tokenizers", "Manifests", "Checkpoints", "Models",
      "ComputeSupport",
    ]),
  tool("encode", uses: ["Tensors", "Checkpoints", "Models", "Inference", "ComputeSupport"]),
  tool("score", uses: ["Checkpoints", "Models", "OptionTables", "Objectives", "Inference", "ComputeSupport"]),
  tool("sample", uses: ["StrictJSON", "Checkpoints", "Models", "Generation", "Inference", "ComputeSupport"]),
  tool("reward", uses: ["Failures", "StrictJSON", "Clocks", "Tensors", "TensorStream", "Rewards"]),
  tool(
    "probe",
    uses: ["Failures", "StrictJSON", "TensorStream", "Imaging", "Checkpoints", "Models", "Probing", "ComputeSupport"]),
  tool("sft-step", uses: ["OptionTables", "Objectives", "Training", "StepSupport", "ComputeSupport"]),
  tool("dpo-step", uses: ["OptionTables", "Objectives", "Training", "StepSupport", "ComputeSupport"]),
  tool("grpo-step", uses: ["OptionTables", "Objectives", "Training", "StepSupport", "ComputeSupport"]),
]

let checks: [Target] = [
  .target(
    name: "TestSupport", dependencies: ["Failures", "StrictJSON", "Clocks", "Randomness", "Tensors"],
    path: "Tests/TestSupport"),
  .executableTarget(
    name: "kernel-bench", dependencies: ["Clocks", "Tensors", "LinearAlgebra"], path: "Tests/KernelBench"),
  tests("StrictJSONTests", uses: ["StrictJSON"]),
  tests("DigestsTests", uses: ["Digests"]),
  tests("RandomnessTests", uses: ["Randomness"]),
  tests("StatisticsTests", uses: ["Statistics"]),
  tests("MathematicsTests", uses: ["Mathematics"]),
  tests("RewardsTests", uses: ["Failures", "StrictJSON", "Statistics", "Rewards"]),
  tests("TensorsTests", uses: ["Tensors", "CKernels"]),
  tests("LinearAlgebraTests", uses: ["Tensors", "LinearAlgebra"]),
  tests("AutogradTests", uses: ["Autograd"]),
  tests("TensorStreamTests", uses: ["TensorStream"]),
  tests("ImagingTests", uses: ["Imaging", "StrictJSON", "CImageCodecs"]),
  tests("JinjaTests", uses: ["Failures", "StrictJSON", "Jinja"]),
  tests("TokenizersTests", uses: ["Failures", "StrictJSON", "Tokenizers"]),
  tests("ManifestsTests", uses: ["Failures", "Imaging", "TensorStream", "Tokenizers", "Manifests"]),
  tests("MiniWorldsTests", uses: ["Failures", "MiniWorlds", "Imaging", "StrictJSON"]),
  .executableTarget(name: "commit-loop", dependencies: ["Checkpoints", "Models"], path: "Tests/CommitLoop"),
  tests("CheckpointsTests", uses: ["Checkpoints", "Layers", "Models", "Surgery", "commit-loop"]),
  tests(
    "LayersTests", uses: ["Failures", "StrictJSON", "Tensors", "LinearAlgebra", "Autograd", "Checkpoints", "Layers"]),
  tests("ModelsTests", uses: ["Tensors", "Autograd", "TensorStream", "Checkpoints", "Layers", "Models"]),
  tests(
    "ProbingTests",
    uses: ["Failures", "StrictJSON", "Statistics", "Tensors", "TensorStream", "Imaging", "Checkpoints", "Probing"]),
  tests(
    "GenerationTests",
    uses: [
      "Failures", "StrictJSON", "Tensors", "LinearAlgebra", "Autograd", "TensorStream", "Checkpoints", "Layers",
      "Models", "Generation",
    ]),
  tests("OptionTablesTests", uses: ["StrictJSON", "OptionTables", "StepSupport", argumentParser]),
  tests("ExamplesTests", uses: ["TensorStream", "Models", "Examples"]),
  tests("ObjectivesTests", uses: ["StrictJSON", "Examples", "Objectives"]),
  tests("InferenceTests", uses: ["TensorStream", "Tensors", "Models", "Checkpoints", "Examples", "Inference"]),
  tests(
    "TrainingTests",
    uses: [
      "Failures", "StrictJSON", "Tensors", "Autograd", "TensorStream", "Checkpoints", "Models", "OptionTables",
      "Examples", "Objectives", "Inference", "Training", "StepSupport", argumentParser,
    ]),
  tests(
    "ArchitectureTests",
    uses: [
      "Failures", "StrictJSON", "Tensors", "LinearAlgebra", "Autograd", "TensorStream", "Checkpoints", "Layers",
      "Models", "Surgery", "Probing", "Generation", "Objectives", "Inference", "Training",
    ]),
  tests(
    "ToolTests",
    uses: ["Failures", "StrictJSON", "Tensors", "TensorStream", "Imaging", "Checkpoints"]
      + tools.map { .target(name: $0.name) }),
]

let package = Package(
  name: "pivot",
  products: tools.map { .executable(name: $0.name, targets: [$0.name]) },
  dependencies: [.package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2")],
  targets: floors + tools + checks,
  swiftLanguageModes: [.v6])
