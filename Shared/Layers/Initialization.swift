// SPDX-License-Identifier: MIT
// What a parameter is before any training.
import Glibc
import Randomness
import Tensors

/// How a new tensor is filled.
public enum Initialization: Sendable, Equatable {
  case constant(Float)
  case uniform(limit: Double)
  case normal(deviation: Double)
  /// Normal, cut at two deviations, and widened so that `deviation` is what remains.
  case truncated(deviation: Double)

  public static let zeros = Initialization.constant(0)
  public static let ones = Initialization.constant(1)

  /// Xavier uniform (Glorot and Bengio 2010).
  public static func xavier(_ fanOut: Int, _ fanIn: Int) -> Initialization {
    .uniform(limit: (6 / Double(fanIn + fanOut)).squareRoot())
  }
  /// LeCun normal (LeCun et al. 1998), truncated.
  public static func lecun(_ fanIn: Int) -> Initialization { .truncated(deviation: (1 / Double(fanIn)).squareRoot()) }
}

/// Numbers that depend on seed, tensor name and place alone, so that threads may make them in any order.
public struct RandomValues: Sendable {
  private let key: UInt64

  public init(seed: UInt64, name: String) {
    var key = SplitMix64.mixed(seed &+ SplitMix64.increment)
    for byte in name.utf8 { key = SplitMix64.mixed(key ^ UInt64(byte)) }
    self.key = key
  }

  private func bits(_ index: Int, _ attempt: Int) -> UInt64 {
    SplitMix64.mixed(key &+ (UInt64(index) &+ UInt64(attempt) << 48) &* SplitMix64.increment)
  }

  /// One of a pair of independent normal numbers (Box–Muller); |z| ≤ 6.66.
  private func normal(_ index: Int, _ attempt: Int = 0) -> Double {
    let bits = bits(index >> 1, attempt)
    let radius = (-2 * log((Double(bits >> 32) + 0.5) / 0x1p32)).squareRoot()
    let angle = 2 * Double.pi * Double(bits & 0xFFFF_FFFF) / 0x1p32
    return radius * (index & 1 == 0 ? cos(angle) : sin(angle))
  }

  /// Writes the values `range` of a tensor to `target`, on all threads.
  public func write(_ initial: Initialization, _ range: Range<Int>, to target: UnsafeMutablePointer<Float>) {
    inChunks(range.count, size: 1 << 14) { part in
      let all = range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound
      fill(initial, all, to: target + part.lowerBound)
    }
  }

  private func fill(_ initial: Initialization, _ range: Range<Int>, to target: UnsafeMutablePointer<Float>) {
    switch initial {
    case .constant(let value):
      target.update(repeating: value, count: range.count)
    case .uniform(let limit):
      for index in range {
        target[index - range.lowerBound] = Float((Double(bits(index, 0) >> 11) * 0x1p-52 - 1) * limit)
      }
    case .normal(let deviation):
      for index in range { target[index - range.lowerBound] = Float(normal(index) * deviation) }
    case .truncated(let deviation):
      for index in range {
        var attempt = 0
        var value = normal(index)
        while abs(value) > 2 {
          attempt += 1
          value = normal(index, attempt)
        }
        target[index - range.lowerBound] = Float(value * deviation / 0.87962566103423978)
      }
    }
  }
}
