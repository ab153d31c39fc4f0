// SPDX-License-Identifier: MIT
// Every form of a weight multiplies as its f32 values do, both ways, and a row's bits do not depend on what lies beside it.
import LinearAlgebra
import Tensors
import TestSupport
import Testing

/// Values that F16 and BF16 hold exactly, so that the forms differ in how they are kept alone.
private func exactValues(_ count: Int, seed: UInt64) -> [Float] {
  var numbers = SeededGenerator(seed: seed)
  return (0..<count).map { _ in Float(Int(numbers.next() % 255) - 127) / 64 }
}

/// Memory that lives as long as a matrix over it.
private final class Bytes {
  let pointer: UnsafeMutableRawPointer

  init(_ values: Tensor, as dtype: DType) {
    pointer = .allocate(byteCount: values.count * dtype.size, alignment: 64)
    convertFromFloat(values.pointer, count: values.count, to: dtype, into: pointer)
  }

  deinit { pointer.deallocate() }
}

private func stored(_ values: Tensor, as dtype: DType) -> StoredMatrix {
  let bytes = Bytes(values, as: dtype)
  return StoredMatrix(
    rows: values.rows, columns: values.columns, dtype: dtype, base: UnsafeRawPointer(bytes.pointer), owner: bytes)
}

@Suite struct MatrixOperandTests {
  /// More rows than one run of `transposedProduct`, and widths that no vector divides.
  static let shapes: [(rows: Int, columns: Int)] = [(1, 1), (5, 7), (64, 33), (1100, 19)]

  @Test(arguments: [DType.f32, .f16, .bf16], [1, 3, 17])
  func productsAreThoseOfTheF32Values(_ dtype: DType, _ count: Int) {
    for shape in Self.shapes {
      let w = Tensor(exactValues(shape.rows * shape.columns, seed: 1), shape: [shape.rows, shape.columns])
      let x = Tensor(exactValues(count * shape.columns, seed: 2), shape: [count, shape.columns])
      let dy = Tensor(exactValues(count * shape.rows, seed: 3), shape: [count, shape.rows])
      let bias = Tensor(exactValues(shape.rows, seed: 4))
      let forms: [any MatrixOperand] = [w, stored(w, as: dtype)]
      for (form, workers) in [(0, Workers.all), (0, .caller), (1, .all), (1, .caller)] {
        let name = "\(dtype) \(shape), \(count) rows, form \(form)"
        let y = forms[form].product(x, bias: bias, on: workers)
        let expected = (0..<count * shape.rows).map { index -> Double in
          let (t, o) = (index / shape.rows, index % shape.rows)
          return (0..<shape.columns).reduce(Double(bias.pointer[o])) {
            $0 + Double(x.pointer[t * shape.columns + $1]) * Double(w.pointer[o * shape.columns + $1])
          }
        }
        expectClose(y.values, expected.map { Float($0) }, tolerance: 1e-5, "\(name): forward")

        let dx = Tensor(exactValues(count * shape.columns, seed: 5), shape: x.shape)
        let before = dx.copy()
        forms[form].transposedProduct(dy, beta: 1, into: dx, on: workers)
        let back = (0..<dx.count).map { index -> Double in
          let (t, i) = (index / shape.columns, index % shape.columns)
          return (0..<shape.rows).reduce(Double(before.pointer[index])) {
            $0 + Double(dy.pointer[t * shape.rows + $1]) * Double(w.pointer[$1 * shape.columns + i])
          }
        }
        expectClose(dx.values, back.map { Float($0) }, tolerance: 1e-5, "\(name): back")
        let overwritten = Tensor([Float](repeating: .nan, count: dx.count), shape: dx.shape)
        forms[form].transposedProduct(dy, beta: 0, into: overwritten, on: workers)
        expectClose(
          overwritten.values, zip(back, before.values).map { Float($0 - Double($1)) }, tolerance: 1e-5,
          "\(name): beta 0")
      }
    }
  }

  @Test func someRowsAreRowsOfAll() {
    let w = Tensor(exactValues(40 * 9, seed: 1), shape: [40, 9])
    let x = Tensor(exactValues(2 * 9, seed: 2), shape: [2, 9])
    for form in [w, stored(w, as: .bf16)] as [any MatrixOperand] {
      let all = form.product(x, bias: nil, on: .all)
      let some = form.rows(7..<21).product(x, bias: nil, on: .all)
      #expect(form.rows(7..<21).rows == 14 && form.rows(7..<21).columns == 9)
      for row in 0..<2 {
        expectClose(
          some.rows(row..<row + 1).values, Array(all.rows(row..<row + 1).values[7..<21]), tolerance: 1e-6, "row \(row)")
      }
      let target = Tensor(zeros: [9])
      form.copyRow(11, to: target.pointer)
      #expect(target.values == w.rows(11..<12).values)
    }
  }

  @Test(arguments: [DType.f32, .f16, .bf16]) func aStoredRowsBitsDoNotDependOnTheOthers(_ dtype: DType) {
    let w = stored(Tensor(exactValues(300 * 37, seed: 1), shape: [300, 37]), as: dtype)
    let x = Tensor(SeededGenerator.floats(11 * 37, seed: 9), shape: [11, 37])
    let all = w.product(x, bias: nil)
    for row in 0..<11 {
      for threads in [1, 3] {
        let alone = Compute.withThreads(threads) { w.product(x.rows(row..<row + 1), bias: nil) }
        #expect(alone.values == all.rows(row..<row + 1).values, "row \(row)")
      }
    }
  }
}

extension SeededGenerator {
  fileprivate static func floats(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return generator.floats(count)
  }
}
