// SPDX-License-Identifier: MIT
// From a frame to an example: every count is compared with every other before a model sees anything.
import Failures
import Layers
import Models
import TensorStream
import Tensors

extension Example {
  /// Checks `frame` against what the checkpoint asks for. Throws 65, naming frame, id and tensor.
  public init(_ frame: Frame, responses: Responses, contract: FrameContract) throws {
    let reader = FrameChecker(frame: frame, contract: contract)
    let images = try reader.images(.prompt)
    var all = images
    id = frame.id
    place = reader.place
    // Another image for the rejected response (visual preference): it counts wherever the response does.
    let rejected = responses == .pair || responses == .none ? try reader.images(.rejected) : []
    all += rejected
    switch responses {
    case .none:
      guard !images.isEmpty else {
        throw reader.refusal("there is no tensor \"patches\", so there is no image to encode")
      }
      sequences = []
    case .pair:
      let rejectedImages = rejected.isEmpty ? Array(images.indices) : Array(images.count..<all.count)
      let prompt = try reader.prompt()
      sequences = [
        try reader.sequence(prompt, response: reader.response(.chosen), images: all, numbers: Array(images.indices)),
        try reader.sequence(prompt, response: reader.response(.rejected), images: all, numbers: rejectedImages),
      ]
    case .supervised(let target):
      let target = target ?? (frame.tensors[.chosen] == nil ? .answer : .chosen)
      let response = try reader.response(target.tensor, mask: target == .answer ? .answerMask : nil)
      sequences = [
        try reader.sequence(reader.prompt(), response: response, images: all, numbers: Array(images.indices))
      ]
    case .choices, .completions, .group:
      let prompt = try reader.prompt(isLearnt: responses == .choices)
      sequences = try reader.rows(responses == .choices ? .choices : .completions).map {
        try reader.sequence(prompt, response: $0, images: all, numbers: Array(images.indices))
      }
    case .prompt:
      let nothing = FrameChecker.Response(name: nil, ids: [], mask: nil)
      sequences = [
        try reader.sequence(reader.prompt(), response: nothing, images: all, numbers: Array(images.indices))
      ]
    }
    self.images = all
    let lengths = responses == .group ? sequences.map(\.labels.count) : []
    group = responses == .group ? try reader.group(lengths) : nil
    switch responses {
    case .pair: (referenceLogps, reference) = try reader.reference()
    case .group: (referenceLogps, reference) = try reader.groupReference(lengths)
    default: (referenceLogps, reference) = (nil, nil)
    }
  }
}

struct FrameChecker {
  let frame: Frame
  let contract: FrameContract

  var place: FramePlace {
    FramePlace(source: frame.origin.source, number: frame.origin.number, id: frame.metadata[.id])
  }

  func refusal(_ problem: String) -> FrameError { frame.error(problem) }

  struct Prompt {
    let ids: [Int32]
    /// 1 = a label too.
    let mask: [UInt8]?
  }
  struct Response {
    /// nil: there is none.
    let name: TensorName?
    let ids: [Int32]
    let mask: [UInt8]?
  }

  /// A tensor of one extent, or nil where the frame has none.
  func vector(_ name: TensorName, _ dtype: DType) throws -> RawTensor? {
    try frame.optionalTensor(name, [dtype], shape: [nil])
  }

  func ids(_ name: TensorName, _ purpose: String) throws -> [Int32] {
    guard let tensor = try vector(name, .i32) else {
      throw refusal("there is no tensor \"\(name)\", \(purpose); its tensors are \(tensorNames)")
    }
    let ids = try tensor.int32s()
    guard !ids.isEmpty else { throw refusal("\"\(name)\" is empty, expected at least one token") }
    try check(ids, in: name)
    return ids
  }

  var tensorNames: String {
    let names = frame.tensors.keys.sorted()
    return names.isEmpty ? "none" : names.map { "\"\($0)\"" }.joined(separator: ", ")
  }

  private func check(_ ids: some Collection<Int32>, in name: TensorName) throws {
    for (position, id) in ids.enumerated() where id < 0 || Int(id) >= contract.vocabularySize {
      throw refusal(
        "\"\(name)\"[\(position)] is \(id), expected a token id below \(contract.vocabularySize), the vocabulary of "
          + "\(contract.checkpoint)")
    }
  }

  private func mask(_ name: TensorName, like ids: [Int32], of tensor: TensorName) throws -> [UInt8]? {
    guard let mask = try vector(name, .u8) else { return nil }
    guard mask.count == ids.count else {
      throw refusal("\"\(name)\" has \(mask.count) entries, \"\(tensor)\" has \(ids.count); expected as many")
    }
    let values = try mask.uint8s()
    if let bad = values.firstIndex(where: { $0 > 1 }) {
      throw refusal("\"\(name)\"[\(bad)] is \(values[bad]), expected 0 or 1")
    }
    return values
  }

  /// - Parameter isLearnt: whether tokens that `prompt_mask` marks are labels too.
  func prompt(isLearnt: Bool = true) throws -> Prompt {
    // Only a fingerprint is compared: frames from elsewhere may call their tokenizer by a name.
    if let tokenizer = frame.metadata[.tokenizer], tokenizer.utf8.count == 16, tokenizer.allSatisfy(\.isHexDigit),
      let expected = contract.tokenizer, tokenizer != expected
    {
      throw refusal(
        "its token ids are of the tokenizer \(tokenizer), that of \(contract.checkpoint) is \(expected); run imgtok with "
          + "this checkpoint")
    }
    let ids = try ids(.prompt, "which a response needs")
    guard isLearnt else { return Prompt(ids: ids, mask: nil) }
    let mask = try mask(.promptMask, like: ids, of: .prompt)
    if let mask, let bad = ids.indices.first(where: { mask[$0] == 1 && ids[$0] == contract.imageToken }) {
      throw refusal("\"prompt_mask\"[\(bad)] is 1 on an image, which cannot be a label")
    }
    return Prompt(ids: ids, mask: mask)
  }

  func response(_ name: TensorName, mask maskName: TensorName? = nil) throws -> Response {
    let hint =
      switch name {
      case .answer: "which supervised training needs (or \"chosen\")"
      default: "which a preference pair needs"
      }
    let ids = try ids(name, hint)
    try refuseImages(in: ids, of: name)
    let mask = try maskName.flatMap { try self.mask($0, like: ids, of: name) }
    if let mask, !mask.contains(1), let maskName {
      throw refusal("\"\(maskName)\" is 0 throughout: no token of \"\(name)\" is a label")
    }
    return Response(name: name, ids: ids, mask: mask)
  }

  /// The rows of a tensor of several responses, [k, L] padded with -1.
  func rows(_ name: TensorName) throws -> [Response] {
    guard let tensor = frame.tensors[name] else {
      let what = name == .choices ? "the candidate answers" : "which sample writes"
      throw refusal("there is no tensor \"\(name)\", \(what); its tensors are \(tensorNames)")
    }
    guard tensor.dtype == .i32, tensor.shape.count == 2, tensor.shape[0] > 0 else {
      throw refusal("\"\(name)\" is \(tensor.summary), expected I32 [k, L]")
    }
    return try (0..<tensor.shape[0]).map { row in
      let ids = try frame.tokens(row: row, of: tensor, name)
      try check(ids, in: name)
      try refuseImages(in: ids, of: name)
      return Response(name: name, ids: ids, mask: nil)
    }
  }

  private func refuseImages(in ids: [Int32], of name: TensorName) throws {
    if let image = contract.imageToken, let position = ids.firstIndex(of: image) {
      throw refusal(
        "\"\(name)\"[\(position)] is \(ids[position]), the placeholder of an image; it belongs in the prompt")
    }
  }

  func sequence(
    _ prompt: Prompt, response: Response, images: [ExampleImage], numbers: [Int]
  ) throws -> LabelledSequence {
    let placeholders = prompt.ids.count { $0 == contract.imageToken }
    guard placeholders == numbers.count else {
      throw refusal(
        "\"prompt\" has \(placeholders) image \(placeholders == 1 ? "placeholder" : "placeholders") (id "
          + "\(contract.imageToken.map { "\($0)" } ?? "none")), and there "
          + (numbers.count == 1 ? "is 1 image" : "are \(numbers.count) images")
      )
    }
    var next = numbers.makeIterator()
    var elements: [SequenceElement] = []
    elements.reserveCapacity(prompt.ids.count + response.ids.count)
    for id in prompt.ids {
      if id == contract.imageToken, let number = next.next() {
        elements.append(.image(digest: images[number].digest, index: number, rows: images[number].tokenRows))
      } else {
        elements.append(.token(id))
      }
    }
    elements += response.ids.map { .token($0) }
    let rows = elements.reduce(0) { $0 + $1.rows }
    if let name = response.name, rows > contract.positionCount {
      throw refusal(
        "with \"\(name)\" it takes \(rows) positions (tokens and visual tokens), and \(contract.checkpoint) was made "
          + "for \(contract.positionCount) (max_position_embeddings); imgtok --max-length \(contract.positionCount) leaves "
          + "such examples out")
    }
    var labels: [Int] = []
    // The first element of a sequence is predicted from nothing.
    if let mask = prompt.mask { labels += mask.indices.filter { $0 > 0 && mask[$0] == 1 } }
    for index in response.ids.indices where response.mask?[index] != 0 { labels.append(prompt.ids.count + index) }
    return LabelledSequence(elements: elements, labels: labels)
  }

  func reference() throws -> (ReferenceLogps?, String?) {
    func logp(_ name: TensorName) throws -> Double? {
      guard let tensor = try vector(name, .f32) else { return nil }
      guard tensor.count == 1 else { throw refusal("\"\(name)\" is \(tensor.summary), expected F32 [1]") }
      let value = try tensor.floats()[0]
      guard value.isFinite, value <= 0 else {
        throw refusal("\"\(name)\" is \(value), expected a log-probability: finite and at most 0")
      }
      return Double(value)
    }
    switch (try logp(.chosenLogp), try logp(.rejectedLogp)) {
    case (let chosen?, let rejected?):
      return (.pair(PairLogps(chosen: chosen, rejected: rejected)), frame.metadata[.reference] ?? "")
    case (nil, nil): return (nil, nil)
    case (nil, _): throw refusal("has \"logp_rejected\" without \"logp_chosen\"")
    case (_, nil): throw refusal("has \"logp_chosen\" without \"logp_rejected\"")
    }
  }
}
