// SPDX-License-Identifier: MIT
// Every line of JSON that docs/MANIFESTS.md shows is one that imgtok takes.
import Imaging
import TensorStream
import TestSupport
import Testing

@Suite struct ManifestPageTests {
  @Test func everyExampleOnThePageIsTaken() throws {
    let page = String(decoding: try readFile(repositoryRoot + "/docs/MANIFESTS.md"), as: UTF8.self)
    let lines = page.split(separator: "\n").filter { $0.hasPrefix("    {") }.map { $0.dropFirst(4) }
    #expect(lines.count >= 10)
    try withTemporaryDirectory { folder in
      for name in ["cat.jpg", "blurred.jpg"] { try writeFile(folder + "/" + name, readFile(fixture("images/rgb.jpg"))) }
      let size = try Image.decode(readFile(fixture("images/rgb.jpg")))
      let classes = [UInt8](repeating: 3, count: size.width * size.height)
      try writeFile(folder + "/cat-mask.png", grayPNG(classes, width: size.width, height: size.height))
      try writeFile(folder + "/m.jsonl", lines.joined(separator: "\n"))
      let result = try runTool("imgtok", ["--ckpt", fixture("models/published"), folder + "/m.jsonl"])
      #expect(result.status == 0, "\(result.stderr)")
      let reader = try FrameReader(bytes: result.stdout)
      while try reader.next() != nil {}
      #expect(reader.count == lines.count)
    }
  }
}
