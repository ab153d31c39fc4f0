// SPDX-License-Identifier: MIT
// What this machine can do at most: the fastest f32 matrix product, the fastest copy and the fastest read, for
// pipelines/bench to set the tools' rates beside. One JSON line on stdout.
import Clocks
import Glibc
import LinearAlgebra
import Tensors

@main struct KernelBench {
  static func main() {
    Compute.threads = 1
    let gemm = [256, 512, 1024, 2048].map { size in (size, productRate(size, size, size)) }
    let peak = gemm.map(\.1).max() ?? 0
    let sizes = gemm.map { "\"sgemm_\($0.0)_gflops\": \(rounded($0.1))" }.joined(separator: ", ")
    print(
      "{\"machine\": \"\(Compute.description)\", \"sgemm_peak_gflops\": \(rounded(peak)), \(sizes), \"copy_gbytes\": \(rounded(copyRate())), \"read_gbytes\": \(rounded(readRate()))}"
    )
  }

  /// The shortest of several runs: the machine's own noise only ever adds time.
  private static func shortest(_ body: () -> Void) -> Double {
    body()
    var best = Double.infinity
    var spent = 0.0
    while spent < 0.6 {
      let start = monotonicSeconds()
      body()
      best = min(best, monotonicSeconds() - start)
      spent += monotonicSeconds() - start
    }
    return best
  }

  private static func productRate(_ m: Int, _ k: Int, _ n: Int) -> Double {
    let a = Tensor(zeros: [m, k])
    let b = Tensor(zeros: [k, n])
    let c = Tensor(zeros: [m, n])
    a.fill(0.5)
    b.fill(0.25)
    return 2e-9 * Double(m * k * n) / shortest { multiply(Matrix(a), Matrix(b), into: Matrix(c)) }
  }

  /// Bytes read and written a second by a copy that no cache holds.
  private static func copyRate() -> Double {
    let from = Tensor(zeros: [32 << 20])
    let to = Tensor(zeros: [32 << 20])
    return 2e-9 * Double(from.count * 4) / shortest { to.pointer.update(from: from.pointer, count: from.count) }
  }

  /// Bytes read a second by a sum that no cache holds: what decoding, which reads every weight once a token, can reach at most.
  private static func readRate() -> Double {
    let values = Tensor(zeros: [128 << 20])
    let count = values.count / 64
    var total = SIMD16<UInt32>()
    let best = values.pointer.withMemoryRebound(to: SIMD16<UInt32>.self, capacity: 4 * count) { lines in
      shortest {
        var (a, b, c, d) = (SIMD16<UInt32>(), SIMD16<UInt32>(), SIMD16<UInt32>(), SIMD16<UInt32>())
        for index in 0..<count {
          a ^= lines[4 * index]
          b ^= lines[4 * index + 1]
          c ^= lines[4 * index + 2]
          d ^= lines[4 * index + 3]
        }
        total ^= a ^ b ^ c ^ d
      }
    }
    precondition(total == SIMD16<UInt32>(), "zeros that are none")
    return 1e-9 * Double(values.count * 4) / best
  }

  private static func rounded(_ x: Double) -> Double { (x * 10).rounded() / 10 }
}
