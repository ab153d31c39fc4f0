// SPDX-License-Identifier: MIT
import CKernels
import COpenBLAS
import Tensors

extension Compute {
  /// OpenBLAS runs on the caller's thread only: our own chunks are the parallelism. Every call into it sees to this first.
  static let singleThreadedBLAS: Void = openblas_set_num_threads(1)

  /// Which BLAS and kernels run, for `--version` and benchmarks.
  public static var description: String {
    let core = openblas_get_corename().map { String(cString: $0) } ?? "unknown"
    return "OpenBLAS \(core), kernels \(String(cString: kernel_level_name()))"
  }
}
