// SPDX-License-Identifier: MIT
import TensorStream
import Testing

@Suite struct RaggedRowsTests {
  @Test func shorterRowsAreFilledUp() throws {
    let ids = RawTensor(ragged: [[1, 2, 3] as [Int32], [], [4]])
    #expect(ids.summary == "I32 [3, 3]")
    #expect(try ids.int32s() == [1, 2, 3, -1, -1, -1, 4, -1, -1])
    let values = RawTensor(ragged: [[-1, -2] as [Float], [-3]], length: 3)
    #expect(values.summary == "F32 [2, 3]")
    #expect(try values.floats() == [-1, -2, 0, -3, 0, 0])
    #expect(values.values(row: 0, count: 2) == [-1, -2])
    #expect(values.values(row: 1, count: 1) == [-3])
    #expect(RawTensor(ragged: [[Int32]]()).shape == [0, 0])
  }

  @Test func rowsComeBackWithoutTheirPadding() throws {
    let rows: [[Int32]] = [[1, 2, 3], [4], [0, 0]]
    let tensor = RawTensor(ragged: rows)
    let frame = Frame(metadata: ["id": "x"], tensors: ["completions": tensor])
    #expect(try rows.indices.map { try frame.tokens(row: $0, of: tensor, .completions) } == rows)
  }

  @Test(
    arguments: [
      ([-1, -1, -1], "new: frame 0 (id x): \"choices\" row 0 is empty, expected at least one token"),
      ([1, -1, 2], "new: frame 0 (id x): \"choices\" row 0 goes on after its padding (-1)"),
    ] as [([Int32], String)])
  func aRowWithoutTokensOrWithAHoleIsRefused(ids: [Int32], text: String) {
    let frame = Frame(metadata: ["id": "x"])
    let error = #expect(throws: FrameError.self) {
      try frame.tokens(row: 0, of: RawTensor(i32: ids, shape: [1, 3]), .choices)
    }
    #expect(error?.description == text)
  }

  @Test func aRulesShareOfTheRewardsIsFoundByItsName() {
    #expect(TensorName.rewards(of: "exact") == TensorName("rewards_exact"))
    #expect(TensorName("rewards_exact").rewardsRule == "exact")
    #expect(TensorName.rewards.rewardsRule == nil)
  }
}
