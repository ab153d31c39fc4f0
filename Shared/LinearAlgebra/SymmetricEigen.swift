// SPDX-License-Identifier: MIT
// Eigenvectors of a symmetric matrix.
import COpenBLAS
import Tensors

/// Eigenvalues and eigenvectors of a symmetric matrix [n, n], the largest eigenvalue first. Computed in f64 on the calling
/// thread (LAPACK's dsyevd, divide and conquer); only the lower triangle is read. Time grows with n³.
///
/// - Returns: the eigenvalues, and the eigenvectors as the rows of a tensor [n, n]; nil where the matrix is not finite.
public func symmetricEigen(_ matrix: Tensor) -> (values: [Double], vectors: Tensor)? {
  let n = matrix.rows
  precondition(matrix.columns == n, "eigenvectors of a matrix \(matrix.shape)")
  guard n > 0 else { return ([], matrix) }
  guard matrix.isFinite else { return nil }
  _ = Compute.singleThreadedBLAS
  var a = matrix.values.map(Double.init)
  var values = [Double](repeating: 0, count: n)
  var (size, status) = (Int32(n), Int32(0))
  func call(_ work: inout [Double], _ workCount: Int32, _ integers: inout [Int32], _ integerCount: Int32) {
    var (workCount, integerCount) = (workCount, integerCount)
    // Row-major lower is LAPACK's column-major upper.
    dsyevd_("V", "U", &size, &a, &size, &values, &work, &workCount, &integers, &integerCount, &status)
  }
  var (work, integers) = ([0.0], [Int32(0)])
  call(&work, -1, &integers, -1)  // asks for the workspace's size
  (work, integers) = ([Double](repeating: 0, count: Int(work[0])), [Int32](repeating: 0, count: Int(integers[0])))
  call(&work, Int32(work.count), &integers, Int32(integers.count))
  guard status == 0 else { return nil }
  // Ascending columns in column-major order are ascending rows in ours.
  let vectors = Tensor(uninitialized: [n, n])
  for row in 0..<n {
    for column in 0..<n { vectors.pointer[row * n + column] = Float(a[(n - 1 - row) * n + column]) }
  }
  return (values.reversed(), vectors)
}
