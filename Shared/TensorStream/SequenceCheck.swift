// SPDX-License-Identifier: MIT

/// Follows `seq`, checksums and end frames through one source.
struct SequenceCheck {
  let source: String
  /// The frames of the source so far.
  private(set) var number = 0
  private var id: String?
  /// The frames since the last end frame.
  private var since = 0
  /// Frames with `seq` came after the last end frame.
  private var isOpen = false
  /// Frames without `seq`: nobody can tell whether any are missing.
  private(set) var foreign = 0
  /// What the end frames said about examples left out.
  private(set) var skipped = 0

  init(source: String) { self.source = source }

  /// Where the next frame is, in messages.
  func place(_ metadata: Metadata? = nil) -> FramePlace {
    FramePlace(source: source, number: number, id: metadata?[.id])
  }

  /// Checks a whole frame and counts it; takes the stream's own bookkeeping out of its metadata.
  ///
  /// - Returns: false for an end frame.
  mutating func accept(_ header: inout SafetensorsHeader, _ frame: UnsafeRawBufferPointer) throws(FrameError) -> Bool {
    let place = place(header.metadata)
    let sequence = header.metadata.take(.sequence)
    let stated = header.metadata.take(.checksum)
    if sequence != nil && stated == nil { throw FrameError(place, .noChecksum) }
    var damage: FrameError?
    if let stated, let offset = header.checksumOffset {
      let digits = Checksum.ofFrame(frame, digitsAt: SafetensorsHeader.prefixSize + offset)
      if !digits.elementsEqual(stated.utf8) {
        damage = FrameError(place, .checksum(stated: stated, found: String(decoding: digits, as: UTF8.self)))
      }
    }
    if damage == nil, let sequence, sequence != String(since) {
      let problem = FrameError.Problem.sequence(stated: sequence, expected: since)
      throw header.metadata[.end] == nil
        ? FrameError(place, problem) : FrameError(source: source, .endFrame("is out of place: \(problem.text)"))
    }
    if let end = header.metadata[.end] {
      if let damage { throw FrameError(source: source, .endFrame("is bad: \(damage.problem.text)")) }
      try close(end, header)
      return false
    }
    number += 1
    since += 1
    id = place.id
    if sequence == nil { foreign += 1 } else { isOpen = true }
    if let damage { throw damage }
    return true
  }

  private mutating func close(_ end: String, _ header: SafetensorsHeader) throws(FrameError) {
    func wrong(_ problem: String) -> FrameError { FrameError(source: source, .endFrame(problem)) }
    guard end == "1" else { throw wrong("says \"end\" = \(quoted(end)), expected \"1\"") }
    guard header.entries.isEmpty else { throw wrong("has tensors, expected none") }
    guard let frames = header.metadata[.frames] else { throw wrong("has no count \"frames\"") }
    guard let stated = natural(frames) else { throw wrong("says \"frames\" = \(quoted(frames)), expected a count") }
    let left = header.metadata[.skipped] ?? "0"
    guard let left = natural(left) else { throw wrong("says \"skipped\" = \(quoted(left)), expected a count") }
    guard stated == since else { throw FrameError(source: source, .count(stated: stated, read: since)) }
    (since, isOpen) = (0, false)
    skipped += left
  }

  /// The source is at its end.
  func finish() throws(FrameError) {
    if isOpen { throw FrameError(FramePlace(source: source, number: number - 1, id: id), .endedEarly) }
  }

  private func natural(_ text: String) -> Int? {
    text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } ? Int(text) : nil
  }
}
