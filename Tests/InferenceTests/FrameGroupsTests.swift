// SPDX-License-Identifier: MIT
// Frames that are worked on several at a time come out in the order in which they went in, refused ones in their place.
import TensorStream
import Testing

@testable import Inference

@Suite struct FrameGroupsTests {
  private func names(_ results: [FrameResult]) -> [String] {
    results.map { result in
      switch result {
      case .success(let frame): frame.id
      case .failure(let error): "\(error)"
      }
    }
  }

  @Test(arguments: [1, 3, 4, 100]) func theOrderStays(rowsPerPass: Int) throws {
    var sizes: [Int] = []
    let groups = FrameGroups(rowsPerPass: rowsPerPass) { frame in
      if frame.metadata["bad"] != nil { throw frame.error("is bad") }
      return nil
    } work: { frames in
      sizes.append(frames.count)
      return frames.map { .success($0.frame) }
    }
    let bad: Set = [0, 3, 4, 8, 9]
    var results: [FrameResult] = []
    for number in 0..<10 {
      var metadata: Metadata = ["id": "\(number)"]
      if bad.contains(number) { metadata["bad"] = "yes" }
      results += try groups.add(Frame(metadata: metadata, source: "stdin", number: number))
    }
    results += try groups.flush()
    #expect(
      names(results)
        == (0..<10).map { bad.contains($0) ? "stdin: frame \($0) (id \($0)): is bad" : "\($0)" })
    #expect(sizes.reduce(0, +) == 5 && sizes.allSatisfy { $0 <= rowsPerPass })
    #expect(try groups.flush().isEmpty)
  }
}
