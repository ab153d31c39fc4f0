// SPDX-License-Identifier: MIT
// frames png: what the patches were cut from comes back, pixel for pixel.
import Imaging
import TensorStream
import TestSupport
import Testing

@Suite struct FramesPictureTests {
  /// A picture without two equal pixels in a row, 2 × 3 patches of 4 pixels.
  private func picture(_ shift: UInt8) -> Image {
    Image(width: 12, height: 8, pixels: (0..<12 * 8 * 3).map { UInt8(truncatingIfNeeded: $0 &* 7) &+ shift })
  }

  private func frame(_ id: String, _ images: [Image], rejected: Image? = nil, mask: [Int32]? = nil) -> Frame {
    func tensor(_ images: [Image]) -> RawTensor {
      let values = images.flatMap { $0.patchify(patch: 4).values }
      return RawTensor(u8: values, shape: [values.count / 48, 48])
    }
    var frame = Frame(metadata: ["id": id, "patch": "4"])
    if !images.isEmpty {
      frame.tensors["patches"] = tensor(images)
      frame.metadata["grid"] = images.map { _ in "2 3" }.joined(separator: "; ")
    }
    if let rejected {
      frame.tensors["patches_rejected"] = tensor([rejected])
      frame.metadata["grid_rejected"] = "2 3"
    }
    if let mask { frame.tensors["mask"] = RawTensor(i32: mask, shape: [2, 3]) }
    return frame
  }

  private func png(_ arguments: [String], _ frames: [Frame], in folder: String? = nil) throws -> ToolResult {
    try runTool("frames", ["png"] + arguments, stdin: try FrameWriter.bytes(frames), in: folder)
  }

  private func expectWhite(_ image: Image, columns: Range<Int>) {
    for x in columns { for y in 0..<image.height { #expect(image[x, y] == (255, 255, 255)) } }
  }

  @Test func theImageComesBackPixelForPixel() throws {
    let frames = (0..<3).map { frame("f-\($0)", [picture(UInt8($0 * 9))]) }
    for (arguments, number) in [([], 0), (["--id", "f-2"], 2)] as [([String], Int)] {
      let run = try png(arguments, frames)
      #expect(run.status == 0 && run.stderr.isEmpty, "\(run.ending)")
      #expect(try Image.decode(run.stdout) == picture(UInt8(number * 9)))
    }
    let large = try Image.decode(png(["--scale", "3"], frames).stdout)
    #expect(large == picture(0).enlarged(3) && large.width == 36)
    for y in 0..<24 { for x in 0..<36 { #expect(large[x, y] == picture(0)[x / 3, y / 3]) } }
    // Older frames say no patch size: its square is in the shape.
    var bare = frames[1]
    bare.metadata["patch"] = nil
    #expect(try Image.decode(png([], [bare]).stdout) == picture(9))
  }

  @Test func severalImagesStandSideBySideAndTheRejectedBelow() throws {
    let run = try png([], [frame("a", [picture(0), picture(50)], rejected: picture(100))])
    let image = try Image.decode(run.stdout)
    #expect(image.width == 26 && image.height == 18)
    for (left, top, shift) in [(0, 0, 0), (14, 0, 50), (0, 10, 100)] as [(Int, Int, UInt8)] {
      for y in 0..<8 { for x in 0..<12 { #expect(image[left + x, top + y] == picture(shift)[x, y]) } }
    }
    expectWhite(image, columns: 12..<14)
  }

  @Test func aSheetShowsManyAndAFolderHoldsMany() throws {
    try withTemporaryDirectory { folder in
      let text = Frame(metadata: ["id": "text"], tensors: ["prompt": RawTensor(i32: [1])])
      let ids = ["a", "b/../c", "b/../c", "ü", ".d"]
      let all = [text] + ids.enumerated().map { frame($1, [picture(UInt8($0))]) }
      let run = try png(["--out", "out"], all, in: folder)
      #expect(
        run.lines == ["out/a.png", "out/b%2F..%2Fc.png", "out/b%2F..%2Fc+2.png", "out/%C3%BC.png", "out/%2Ed.png"],
        "\(run.ending)")
      #expect(run.stderr == "frames: 1 of 6 frames have no picture\n")
      for (number, path) in run.lines.enumerated() {
        #expect(try Image.decode(readFile(folder + "/" + path)) == picture(UInt8(number)))
      }
      let sheet = try Image.decode(png(["--sheet", "4"], all).stdout)
      #expect(sheet.width == 28 && sheet.height == 20)
      for (number, (left, top)) in [(0, 0), (16, 0), (0, 12), (16, 12)].enumerated() {
        for y in 0..<8 { for x in 0..<12 { #expect(sheet[left + x, top + y] == picture(UInt8(number))[x, y]) } }
      }
      expectWhite(sheet, columns: 12..<16)
      let wide = try Image.decode(png(["--sheet", "100"], all).stdout)
      #expect(wide.width == 3 * 12 + 8 && wide.height == 2 * 8 + 4)
    }
  }

  @Test func aMaskTintsItsPatches() throws {
    let image = try Image.decode(png(["--mask"], [frame("a", [picture(0)], mask: [-1, 0, 1, 1, 2, -1])]).stdout)
    for y in 0..<8 {
      for x in 0..<12 {
        let (before, after) = (picture(0)[x, y], image[x, y])
        switch [-1, 0, 1, 1, 2, -1][y / 4 * 3 + x / 4] {
        case -1: #expect(after == before)
        case 0: #expect(after == (before.0 / 2, before.1 / 2, before.2 / 2))
        default: #expect(after != before)
        }
      }
    }
    #expect(image[8, 0] != picture(0).tinted([2], columns: 1)[8, 0], "classes 1 and 2 look the same")
  }

  @Test func whatIsNoPictureIsSaidInALine() throws {
    let good = frame("a", [picture(0)])
    func changed(_ change: (inout Frame) -> Void) -> Frame {
      var frame = good
      change(&frame)
      return frame
    }
    let text = Frame(metadata: ["id": "text"], tensors: ["prompt": RawTensor(i32: [1])])
    let cases: [([String], Frame, Int32, String)] = [
      ([], text, 65, "none of 1 frames has \"patches\", so there is no picture; imgtok makes them"),
      (["--id", "b"], good, 65, "none of 1 frames has the id \"b\""),
      (["--id", "text"], text, 65, "stdin: frame 0 (id text): has no \"patches\", so there is no picture"),
      (["--mask"], good, 65, "stdin: frame 0 (id a): there is no tensor \"mask\" to tint with"),
      (
        [], changed { $0.metadata["grid"] = nil }, 65,
        "stdin: frame 0 (id a): \"grid\" is missing, expected \"h w\", the grid of \"patches\", for each image"
      ),
      (
        [], changed { $0.metadata["grid"] = "9999999 9999999; 1 1" }, 65,
        "stdin: frame 0 (id a): \"grid\" is \"9999999 9999999; 1 1\", expected \"h w\", the grid of \"patches\", for each image"
      ),
      (
        [], changed { $0.metadata["grid"] = "2 2" }, 65,
        "stdin: frame 0 (id a): \"patches\" has 6 rows, and \"grid\" is \"2 2\""
      ),
      (
        [], changed { $0.metadata["patch"] = "5" }, 65,
        "stdin: frame 0 (id a): \"patches\" is U8 [6, 48], expected U8 [P, 3·p·p] with p = 5"
      ),
      (["--sheet", "0"], good, 64, "--sheet 0: must be 1 to 10000 (see frames --help)"),
      (["--sheet", "2", "--out", "x"], good, 64, "--out and --sheet exclude each other (see frames --help)"),
      (["--scale", "65"], good, 64, "--scale 65: must be 1 to 64 (see frames --help)"),
      (["--out", "/dev/null/x"], good, 73, "--out /dev/null/x: cannot create: Not a directory"),
    ]
    for (arguments, frame, status, line) in cases {
      let run = try png(arguments, [frame])
      #expect(run.status == status && run.stderr == "frames: \(line)\n" && run.stdout.isEmpty, "\(line): \(run.ending)")
    }
    let skipped = try png(["--skip-bad"], [changed { $0.metadata["grid"] = "7 7" }, frame("b", [picture(3)])])
    #expect(try skipped.status == 0 && Image.decode(skipped.stdout) == picture(3), "\(skipped.ending)")
  }
}
