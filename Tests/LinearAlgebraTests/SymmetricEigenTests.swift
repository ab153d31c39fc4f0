// SPDX-License-Identifier: MIT
import LinearAlgebra
import Tensors
import TestSupport
import Testing

@Suite struct SymmetricEigenTests {
  @Test func vectorsAreAxesOfTheMatrix() throws {
    for n in [1, 2, 7, 40] {
      var random = SeededGenerator(seed: UInt64(n))
      let root = Tensor(random.floats(n * n), shape: [n, n])
      let matrix = Tensor(uninitialized: [n, n])
      multiply(Matrix(root), Matrix(root), .right, into: Matrix(matrix))
      let (values, vectors) = try #require(symmetricEigen(matrix))
      #expect(values == values.sorted(by: >))
      let product = Tensor(uninitialized: [n, n])  // row i: A·v_i = λ_i·v_i
      multiply(Matrix(vectors), Matrix(matrix), into: Matrix(product))
      let expected = (0..<n * n).map { Float(values[$0 / n]) * vectors.pointer[$0] }
      expectClose(product.values, expected, tolerance: 1e-5, "A·v, n = \(n)")
      multiply(Matrix(vectors), Matrix(vectors), .right, into: Matrix(product))
      expectClose(product.values, (0..<n * n).map { $0 % (n + 1) == 0 ? 1 : 0 }, tolerance: 1e-6, "v·v, n = \(n)")
    }
  }

  @Test func aMatrixThatIsNotFiniteHasNone() {
    #expect(symmetricEigen(Tensor([1, .nan, .nan, 1], shape: [2, 2])) == nil)
  }
}
