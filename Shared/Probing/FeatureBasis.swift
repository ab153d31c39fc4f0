// SPDX-License-Identifier: MIT
// The coordinates in which logistic regression is solved. N examples, D width of their features.
import LinearAlgebra
import Tensors

/// Centred features in the basis of their principal axes, the widest first.
///
/// Neither changes the problem: the intercept, which is not penalised, takes up the mean, and ½‖W‖² does not depend on the
/// basis. But there the second derivatives are nearly diagonal, which is what makes the search short.
struct FeatureBasis {
  private let mean: [Double]
  /// [D, D], an axis a row.
  private let axes: Tensor

  /// Rows that the axes are computed from, at most (or 4 D where that is more): they decide the speed, not the result.
  private static let sampleSize = 2048
  private static let rowsAtATime = 1024

  /// - Parameter features: [N, D], finite.
  init(of features: Tensor) {
    let (count, width) = (features.rows, features.columns)
    mean = Self.columnMeans(features)
    let wanted = max(Self.sampleSize, 4 * width)
    let stride = max(1, (count + wanted - 1) / wanted)
    let rows = Array(Swift.stride(from: 0, to: count, by: stride))
    let sample = Tensor(uninitialized: [rows.count, width])
    let mean = mean
    inChunks(rows.count, size: 64) { range in
      for row in range {
        Self.center(features.pointer + rows[row] * width, mean, into: sample.pointer + row * width)
      }
    }
    let covariance = Tensor(uninitialized: [width, width])
    parallelMultiply(Matrix(sample), Matrix(sample), .left, into: Matrix(covariance))
    axes = symmetricEigen(covariance)?.vectors ?? Self.identity(width)
  }

  /// [N, D] -> [n, D + 1]: coordinates of these rows (default: all) along the axes, and a last column of ones for the
  /// intercept.
  func coordinates(of features: Tensor, rows: [Int]? = nil) -> Tensor {
    let (count, width) = (rows?.count ?? features.rows, features.columns)
    let result = Tensor(uninitialized: [count, width + 1])
    inChunks(count, size: Self.rowsAtATime) { range in
      let centred = Tensor(uninitialized: [range.count, width])
      for (index, row) in range.enumerated() {
        let source = rows.map { $0[row] } ?? row
        Self.center(features.pointer + source * width, mean, into: centred.pointer + index * width)
      }
      let start = result.pointer + range.lowerBound * (width + 1)
      multiply(
        Matrix(centred), Matrix(axes), .right,
        into: Matrix(start, rows: range.count, columns: width, stride: width + 1))
      for row in 0..<range.count { start[row * (width + 1) + width] = 1 }
    }
    return result
  }

  private static func center(
    _ row: UnsafePointer<Float>, _ mean: [Double], into target: UnsafeMutablePointer<Float>
  ) {
    for column in mean.indices { target[column] = Float(Double(row[column]) - mean[column]) }
  }

  /// In f64, chunks of rows added in their order.
  private static func columnMeans(_ features: Tensor) -> [Double] {
    let (count, width) = (features.rows, features.columns)
    let size = 1024
    var partial = [Double](repeating: 0, count: (count + size - 1) / size * width)
    partial.withUnsafeMutableBufferPointer { partial in
      nonisolated(unsafe) let partial = partial
      inChunks(count, size: size) { range in
        let sums = range.lowerBound / size * width
        for row in range {
          for column in 0..<width { partial[sums + column] += Double(features.pointer[row * width + column]) }
        }
      }
    }
    return (0..<width).map { column in
      stride(from: column, to: partial.count, by: width).reduce(0) { $0 + partial[$1] } / Double(max(1, count))
    }
  }

  private static func identity(_ width: Int) -> Tensor {
    let result = Tensor(zeros: [width, width])
    for index in 0..<width { result.pointer[index * (width + 1)] = 1 }
    return result
  }
}
