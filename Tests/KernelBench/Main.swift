// SPDX-License-Identifier: MIT
// What this machine can do at most: the fastest f32 matrix product and the fastest copy, for pipelines/bench to set the
// tools' rates beside. One JSON line on stdout.
import Glibc
import Tensors

@main struct KernelBench {
  static func main() {
    Compute.threads = 1
    let gemm = [256, 512, 1024, 2048].map { size in (size, productRate(size, size, size)) }
    let peak = gemm.map(\.1).max() ?? 0
    let sizes = gemm.map { "\"sgemm_\($0.0)_gflops\": \(rounded($0.1))" }.joined(separator: ", ")
    print(
      "{\"machine\": \"\(Compute.description)\", \"sgemm_peak_gflops\": \(rounded(peak)), \(sizes), \"copy_gbytes\": \(rounded(copyRate()))}"
    )
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// The shortest of several runs: the machine's own noise only ever adds time.
  private static func shortest(_ body: () -> Void) -> Double {
    body()
    var best = Double.infinity
    var spent = 0.0
    while spent < 0.6 {
      let start = now()
      body()
      best = min(best, now() - start)
      spent += now() - start
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

  private static func rounded(_ x: Double) -> Double { (x * 10).rounded() / 10 }
}
