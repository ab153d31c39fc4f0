// SPDX-License-Identifier: MIT
// A picture counts as many positions as its own grid has visual tokens.
import TensorStream
import Testing

@testable import Manifests

@Suite struct SequenceLimitTests {
  /// 5 tokens of a prompt, one of them the picture's place, and 4 of a response.
  private func frame(_ grids: [String: String]) -> Frame {
    Frame(
      metadata: Metadata(["id": "a"].merging(grids) { $1 }),
      tensors: ["prompt": RawTensor(i32: [1, 2, 9, 3, 4]), "chosen": RawTensor(i32: [5, 6, 7, 8])])
  }

  @Test func aPictureTakesWhatItsGridTakes() throws {
    let example = try example(#"{"image": "a.png", "question": "Q?", "chosen": "C", "rejected": "R"}"#)
    // Two patches a visual token, and one for the picture.
    func length(_ grids: [String: String]) throws -> Int {
      let limit = SequenceLimit(positionCount: 1000, maximum: 1) { height, width in height * width / 2 + 1 }
      do {
        _ = try limit.fitted(frame(grids), example)
        return 0
      } catch let tooLong as TooLong {
        return tooLong.length
      }
    }
    #expect(try length([:]) == 9)
    #expect(try length(["grid": "2 4"]) == 8 + 5)
    #expect(try length(["grid": "4 4"]) == 8 + 9)
    #expect(try length(["grid": "2 4; 4 4"]) == 8 + 14)
    #expect(try length(["grid": "2 4", "grid_rejected": "4 4"]) == 8 + 9)
  }

  @Test func gridsAreReadStrictly() throws {
    let grids = try Metadata(["grid": "2 3; 4 5"]).grids(.grid)
    #expect(grids?.map { [$0.height, $0.width] } == [[2, 3], [4, 5]])
    #expect(try Metadata(["id": "a"]).grids(.grid) == nil)
    for text in ["", "2", "2 3 4", "0 3", "-1 2", "2 3;", "a b", "4611686018427387904 4"] {
      #expect { try Metadata(["grid": text]).grids(.grid) } throws: { error in
        "\(error)" == "\"grid\" is \"\(text)\", expected \"h w\" for each image, separated by semicolons"
      }
    }
  }
}
