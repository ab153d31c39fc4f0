// SPDX-License-Identifier: MIT
import ArgumentParser
import Digests
import Failures
import Randomness
import TensorStream
import ToolSupport

struct Split: FrameConsumer {
  static let configuration = CommandConfiguration(
    commandName: "split",
    abstract: "Divide a stream over several files.",
    discussion: """
      --parts deals the frames out in turn, --fractions so that each part has its share at every moment, --frames fills one \
      file after the other. With --by, frames that agree in a metadata value lie in the same part whatever else is in the \
      stream and in whatever order it comes: --by id keeps an example in its part when others join it, --by image_digest \
      keeps all questions about a picture together. Shares are then met as closely as chance allows. Each file is a whole \
      stream; a line for each says how many frames it has. Files appear when all are complete.

      Examples:
        frames shuf --seed 7 pairs | frames split --fractions 0.8,0.2 --out train,val
        frames split --fractions 0.9,0.1 --by image_digest --out train,val pairs
        frames split --frames 1000 --out part-%.frames pairs
      """)

  @Option(help: ArgumentHelp("The parts' shares, with commas; they add up to 1.", valueName: "shares"))
  var fractions: Fractions?

  @Option(help: ArgumentHelp("Equal parts.", valueName: "n"))
  var parts: Int?

  @Option(help: ArgumentHelp("Frames a file, in the order of the stream; the last has the rest.", valueName: "n"))
  var frames: Int?

  @Option(
    help: ArgumentHelp(
      "The files: their names with commas, or one name with % in the place of the number (0, 1, …).", valueName: "names"
    ))
  var out: String

  @Option(help: ArgumentHelp("Keep frames together that agree in this metadata value.", valueName: "key"))
  var by: String?

  @Option(help: ArgumentHelp("With --by: another number, another division.", valueName: "n"))
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp("Compress the files, 1 (quick) to 9 (small); --gzip alone is --gzip=6.", valueName: "level"))
  var gzip: Int?

  @OptionGroup var input: InputOptions

  static let mostParts = 256

  func validate() throws {
    guard [fractions != nil, parts != nil, frames != nil].count(where: { $0 }) == 1 else {
      throw ValidationError("give one of --fractions, --parts and --frames")
    }
    if let parts, !(1...Self.mostParts).contains(parts) {
      throw ValidationError("--parts \(parts): must be 1 to \(Self.mostParts)")
    }
    if let frames, frames < 1 { throw ValidationError("--frames \(frames): must be 1 or more") }
    if let gzip, !(1...9).contains(gzip) { throw ValidationError("--gzip \(gzip): must be 1 to 9") }
    if by != nil && frames != nil { throw ValidationError("--by needs --parts or --fractions") }
    let names = names
    guard names == nil || names?.count == shares?.count else {
      throw ValidationError(
        "--out \(out): names \(names?.count ?? 0) files, expected \(shares.map { "\($0.count)" } ?? "a name with %")")
    }
    if let names, Set(names).count < names.count { throw ValidationError("--out \(out): names a file twice") }
  }

  private var shares: [Double]? {
    fractions?.values ?? parts.map { [Double](repeating: 1 / Double($0), count: $0) }
  }

  /// The names that --out lists; nil for a pattern.
  private var names: [String]? { out.contains("%") ? nil : out.split(separator: ",").map(String.init) }

  private func name(_ part: Int) -> String {
    names?[part] ?? out.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "\(part)")
  }

  mutating func run(_ io: ToolIO) throws {
    var files = try (0..<(shares?.count ?? 0)).map { try PartFile(name($0), gzip) }
    var division = Division(shares: shares ?? [], seed: seed)
    try io.forEach { frame in
      let part: Int
      if let frames {
        if io.goodCount % frames == 0 {
          try files.last?.finish()
          files.append(try PartFile(name(files.count), gzip))
        }
        part = files.count - 1
      } else if let by {
        guard let value = frame.metadata[by] else {
          throw frame.error("has no metadata \"\(by)\" (--by); it has \(frame.metadata.keys.joined(separator: ", "))")
        }
        part = division.part(of: value)
      } else {
        part = division.next()
      }
      try files[part].write(frame)
    }
    for file in files { try file.finish() }
    // All are whole: now they may be seen.
    for file in files {
      try file.appear()
      try io.line("\(printable(file.path))\t\(file.count)")
    }
    if files.isEmpty { Diagnostics.note("the stream has no frames, so there is no file") }
  }
}

/// "0.8,0.2".
struct Fractions: ExpressibleByArgument {
  let values: [Double]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    values = parts.compactMap { $0 }
    guard values.count == parts.count, (1...Split.mostParts).contains(values.count),
      values.allSatisfy({ $0 > 0 && $0 <= 1 }),
      abs(values.reduce(0, +) - 1) <= 1e-6
    else { return nil }
  }
}

/// Which part a frame goes to.
struct Division {
  private let shares: [Double]
  private let seed: UInt64
  private var counts: [Int]
  private var total = 0

  init(shares: [Double], seed: UInt64) {
    self.shares = shares
    self.seed = seed
    counts = [Int](repeating: 0, count: shares.count)
  }

  /// The part that is furthest behind its share, the first of those that are equally far: after n frames each part has its
  /// share of n, to within one frame for two parts.
  mutating func next() -> Int {
    total += 1
    var best = 0
    var most = -Double.infinity
    for (part, share) in shares.enumerated() {
      let lacking = share * Double(total) - Double(counts[part])
      if lacking > most + 1e-9 { (best, most) = (part, lacking) }
    }
    counts[best] += 1
    return best
  }

  /// A part by a hash of the value: the same for ever, whatever else there is.
  func part(of value: String) -> Int {
    var random = SplitMix64(state: FNV1a(value.utf8).value ^ (seed &* SplitMix64.increment))
    let place = random.next().unitInterval
    var end = 0.0
    for (part, share) in shares.enumerated() {
      end += share
      if place < end { return part }
    }
    return shares.count - 1
  }
}
