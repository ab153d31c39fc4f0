// SPDX-License-Identifier: MIT
// Frames that do not fit a checkpoint are refused by name, before a model sees them.
import Models
import TensorStream
import TestSupport
import Testing

@testable import Examples

@Suite struct ExampleTests {
  private static func frame(_ change: (inout Frame) -> Void = { _ in }) -> Frame {
    var frame = Frame(source: "stdin", number: 41)
    frame.metadata = ["id": "vqa-0093", "grid": "3 3", "patch": "4", "normalize": "0.5 0.5 0.5 0.5 0.5 0.5"]
    frame.tensors = [
      "patches": RawTensor(u8: [UInt8](repeating: 7, count: 9 * 48), shape: [9, 48]),
      "prompt": RawTensor(i32: [5, 319, 6]), "chosen": RawTensor(i32: [7, 8, 318]),
      "rejected": RawTensor(i32: [9, 318]),
      "answer": RawTensor(i32: [1, 2, 3]), "choices": RawTensor(i32: [1, -1, 2, 3], shape: [2, 2]),
    ]
    change(&frame)
    return frame
  }

  private static func example(_ responses: Responses = .pair, _ change: (inout Frame) -> Void = { _ in }) throws
    -> Example
  {
    try Example(frame(change), responses: responses, contract: .published)
  }

  @Test func labelsAreTheResponseAndTheMaskedPrompt() throws {
    let pair = try Self.example()
    #expect(pair.sequences.map(\.labels) == [[3, 4, 5], [3, 4]])
    #expect(pair.sequences[0].elements.count == 6)
    #expect(pair.textRows == 2 + 1 + 3 + 2)
    let paper = try Self.example { $0.tensors["prompt_mask"] = RawTensor(u8: [1, 0, 1]) }
    // The first token is predicted from nothing: its mask has no effect.
    #expect(paper.sequences.map(\.labels) == [[2, 3, 4, 5], [2, 3, 4]])
    let answer = try Self.example(.supervised(.answer)) { $0.tensors["answer_mask"] = RawTensor(u8: [1, 0, 1]) }
    #expect(answer.sequences.map(\.labels) == [[3, 5]])
    #expect(try Self.example(.supervised(nil)).sequences[0].elements == pair.sequences[0].elements)
    #expect(try Self.example(.choices).sequences.map(\.labels) == [[3], [3, 4]])
  }

  @Test func anotherImageForTheRejectedResponse() throws {
    let pair = try Self.example {
      $0.tensors["patches_rejected"] = RawTensor(u8: [UInt8](repeating: 9, count: 9 * 48), shape: [9, 48])
      $0.metadata["grid_rejected"] = "3 3"
    }
    #expect(pair.images.count == 2)
    #expect(pair.images[0].digest != pair.images[1].digest)
    #expect(pair.sequences[0].elements[1] != pair.sequences[1].elements[1])
    // The same picture twice is one.
    let same = try Self.example {
      $0.tensors["patches_rejected"] = $0.tensors["patches"]
      $0.metadata["grid_rejected"] = "3 3"
    }
    #expect(same.sequences[0].elements[1] == same.sequences[1].elements[1])
  }

  @Test func severalImagesFillTheirPlaceholdersInOrder() throws {
    let pair = try Self.example {
      let pixels = [UInt8](repeating: 1, count: 9 * 48) + [UInt8](repeating: 2, count: 9 * 48)
      $0.tensors["patches"] = RawTensor(u8: pixels, shape: [18, 48])
      $0.metadata["grid"] = "3 3; 3 3"
      $0.tensors["prompt"] = RawTensor(i32: [319, 5, 319])
    }
    #expect(pair.images.map(\.patchRows) == [0..<9, 9..<18])
    #expect(pair.images[0].digest != pair.images[1].digest)
  }

  static let refusals: [(text: String, responses: Responses, change: @Sendable (inout Frame) -> Void)] = [
    ("there is no tensor \"chosen\"", .pair, { $0.tensors["chosen"] = nil }),
    ("\"chosen\" is F32 [3], expected I32 [n]", .pair, { $0.tensors["chosen"] = RawTensor(f32: [1, 2, 3]) }),
    (
      "\"chosen\" is I32 [1, 2], expected I32 [n]", .pair,
      { $0.tensors["chosen"] = RawTensor(i32: [1, 2], shape: [1, 2]) }
    ),
    ("\"rejected\" is empty", .pair, { $0.tensors["rejected"] = RawTensor(i32: []) }),
    ("\"prompt\" is empty", .pair, { $0.tensors["prompt"] = RawTensor(i32: []) }),
    (
      "\"chosen\"[1] is 320, expected a token id below 320", .pair, { $0.tensors["chosen"] = RawTensor(i32: [1, 320]) }
    ),
    ("\"chosen\"[0] is -1, expected a token id", .pair, { $0.tensors["chosen"] = RawTensor(i32: [-1]) }),
    ("\"chosen\"[0] is 319, the placeholder of an image", .pair, { $0.tensors["chosen"] = RawTensor(i32: [319]) }),
    (
      "\"prompt\" has 0 image placeholders (id 319), and there is 1 image", .pair,
      { $0.tensors["prompt"] = RawTensor(i32: [5]) }
    ),
    ("\"prompt\" has 2 image placeholders", .pair, { $0.tensors["prompt"] = RawTensor(i32: [319, 319]) }),
    (
      "\"prompt\" has 1 image placeholder (id 319), and there are 0 images", .pair,
      {
        $0.tensors["patches"] = nil
        $0.metadata["grid"] = nil
      }
    ),
    ("metadata \"grid\" but neither", .pair, { $0.tensors["patches"] = nil }),
    ("without the metadata \"grid\"", .pair, { $0.metadata["grid"] = nil }),
    ("\"grid\" is \"3\", expected", .pair, { $0.metadata["grid"] = "3" }),
    ("\"grid\" is \"3 3;\", expected", .pair, { $0.metadata["grid"] = "3 3;" }),
    ("\"grid\" is \"2 3\", but published takes 3 by 3", .pair, { $0.metadata["grid"] = "2 3" }),
    ("\"grid\" is \"99999999999 99999999999\"", .pair, { $0.metadata["grid"] = "99999999999 99999999999" }),
    ("\"patches\" has 9 rows, and its grid counts 18", .pair, { $0.metadata["grid"] = "3 3; 3 3" }),
    (
      "\"patches\" is U8 [9, 27], expected U8 [P, 48]", .pair,
      {
        $0.tensors["patches"] = RawTensor(u8: [UInt8](repeating: 0, count: 243), shape: [9, 27])
      }
    ),
    ("\"patch\" is \"5\"", .pair, { $0.metadata["patch"] = "5" }),
    ("\"normalize\" is \"0 0 0 1 1 1\"", .pair, { $0.metadata["normalize"] = "0 0 0 1 1 1" }),
    ("\"prompt_mask\" has 2 entries, \"prompt\" has 3", .pair, { $0.tensors["prompt_mask"] = RawTensor(u8: [1, 0]) }),
    ("\"prompt_mask\"[0] is 2, expected 0 or 1", .pair, { $0.tensors["prompt_mask"] = RawTensor(u8: [2, 0, 0]) }),
    ("\"prompt_mask\"[1] is 1 on an image", .pair, { $0.tensors["prompt_mask"] = RawTensor(u8: [0, 1, 0]) }),
    (
      "\"answer_mask\" is 0 throughout", .supervised(.answer), { $0.tensors["answer_mask"] = RawTensor(u8: [0, 0, 0]) }
    ),
    ("has \"logp_chosen\" without \"logp_rejected\"", .pair, { $0.tensors["logp_chosen"] = RawTensor(f32: [-1]) }),
    (
      "\"logp_chosen\" is nan, expected a log-probability", .pair,
      {
        $0.tensors["logp_chosen"] = RawTensor(f32: [.nan])
        $0.tensors["logp_rejected"] = RawTensor(f32: [-1])
      }
    ),
    ("\"logp_chosen\" is F32 [2], expected F32 [1]", .pair, { $0.tensors["logp_chosen"] = RawTensor(f32: [-1, -1]) }),
    ("there is no tensor \"choices\"", .choices, { $0.tensors["choices"] = nil }),
    (
      "\"choices\" row 1 goes on after its padding", .choices,
      {
        $0.tensors["choices"] = RawTensor(i32: [1, 1, 1, 1, -1, 2], shape: [2, 3])
      }
    ),
    (
      "\"choices\" row 0 is empty", .choices,
      { $0.tensors["choices"] = RawTensor(i32: [-1, -1, 1, 2], shape: [2, 2]) }
    ),
    (
      "without the metadata \"encoder\"", .pair,
      {
        $0.tensors["features"] = RawTensor(f32: [Float](repeating: 0, count: 108), shape: [9, 12])
      }
    ),
    (
      "\"features\" is F32 [8, 12], expected F32 or BF16 [9, n]", .pair,
      {
        $0.metadata["encoder"] = "x"
        $0.tensors["features"] = RawTensor(f32: [Float](repeating: 0, count: 96), shape: [8, 12])
      }
    ),
    (
      "there is no image to encode", .none,
      {
        $0.tensors["patches"] = nil
        $0.metadata["grid"] = nil
      }
    ),
  ]

  @Test(arguments: refusals.indices)
  func framesThatDoNotFitAreRefusedByName(_ index: Int) {
    let (text, responses, change) = Self.refusals[index]
    let error = #expect(throws: FrameError.self, "\(text)") { try Self.example(responses, change) }
    let said = error?.description ?? ""
    #expect(said.hasPrefix("stdin: frame 41 (id vqa-0093): "), "\(said)")
    #expect(said.contains(text), "\(said)")
    #expect(error?.exitStatus == .badData && !said.contains("\n"))
  }
}

extension FrameContract {
  /// What the fixture `published` asks for.
  static let published = FrameContract(
    checkpoint: "published", vocabularySize: 320, imageToken: 319,
    vision: Vision(
      patchSize: 4, grid: PatchGrid(height: 3, width: 3), width: 12, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]
    ) { $0 == PatchGrid(height: 3, width: 3) ? ImageRows(features: 9, tokens: 9) : nil })
}
