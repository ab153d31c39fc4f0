// SPDX-License-Identifier: MIT
import ArgumentParser
import Checkpoints
import Models
import Surgery
import Tensors
import ToolSupport

struct Convert: Tool {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Write a checkpoint in another dtype or file layout; names are kept.",
    discussion: """
      OUT becomes one file where its name ends in .bin or .safetensors, otherwise a Hugging Face directory. Without --dtype \
      every tensor keeps its bytes. A training state is left behind.

      Example: a release copy
        ckpt convert --dtype bf16 enc.bin release/
      """)

  enum Target: String, ExpressibleByArgument, CaseIterable {
    case bf16, f16, f32

    var dtype: DType {
      switch self {
      case .bf16: .bf16
      case .f16: .f16
      case .f32: .f32
      }
    }
  }

  @Option(help: ArgumentHelp("Round floating-point tensors to this dtype, to nearest even.", valueName: "dtype"))
  var dtype: Target?

  @Option(
    help: ArgumentHelp(
      "Cut a directory's weights into files of at most this size of data: bytes, or 500MB, 2GB.", valueName: "size"))
  var shardSize: ByteCount?

  @Argument(help: ArgumentHelp("The checkpoint to read.", valueName: "checkpoint"))
  var source: String

  @Argument(help: ArgumentHelp("Where to write; must not exist.", valueName: "out"))
  var out: String

  @OptionGroup var messages: MessageOptions

  func validate() throws {
    if shardSize != nil && !CheckpointStore.isDirectoryName(out) {
      throw ValidationError("--shard-size cuts the weights of a directory, but \(out) is one file")
    }
  }

  func run() throws {
    messages.apply()
    let copy = try Checkpoint(opening: source).converted(to: dtype?.dtype)
    try copy.write(to: out, shardSize: shardSize?.bytes)
    Diagnostics.detail(
      "\(out): \(copy.tensors.count) tensors, \(grouped(copy.tensors.reduce(0) { $0 + $1.byteCount })) bytes")
  }
}

/// A number of bytes: 1000000, 500MB, 2GB (powers of ten).
struct ByteCount: ExpressibleByArgument {
  let bytes: Int

  init?(argument: String) {
    let units = [("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000)]
    let (suffix, factor) = units.first { argument.uppercased().hasSuffix($0.0) } ?? ("", 1)
    guard let number = Int(argument.dropLast(suffix.count)), number > 0 else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: factor)
    if overflow { return nil }
    bytes = product
  }
}
