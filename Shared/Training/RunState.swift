// SPDX-License-Identifier: MIT
// What a run must remember to go on as if it had never stopped (the moments lie beside it, as tensors).
import Checkpoints
import Digests
import Examples
import Failures
import Inference
import Layers
import Models
import Objectives
import StrictJSON

/// Where the data come from, as the state remembers it.
public enum RunInput: Sendable, Equatable {
  /// A pipe: every call brings new frames.
  case stream
  /// Files that are read again and again. `digest` covers every frame's checksum.
  case file(size: Int, digest: String, frames: Int)

  var json: JSONValue {
    switch self {
    case .stream: ["kind": "stream"]
    case .file(let size, let digest, let frames):
      ["kind": "file", "size": .int(size), "digest": .string(digest), "frames": .int(frames)]
    }
  }

  init?(_ json: JSONValue) {
    switch json["kind"]?.string {
    case "stream": self = .stream
    case "file":
      guard let size = json["size"]?.int, let digest = json["digest"]?.string, let frames = json["frames"]?.int else {
        return nil
      }
      self = .file(size: size, digest: digest, frames: frames)
    default: return nil
    }
  }
}

/// The state of a run between two steps.
public struct RunState: Sendable, Equatable {
  /// "dpo-step".
  public var tool: String
  /// Every option that changes numbers, under its name on the command line.
  public var options: JSONObject
  /// The checkpoint the run began from: its path, for finding it, and its fingerprint, for recognising it.
  public var initPath: String
  public var initFingerprint: String
  public var input: RunInput
  /// Fingerprint of the reference; nil before the first step and where none is used.
  public var reference: String?

  /// Optimizer steps taken.
  public var step = 0
  /// The next batch: its epoch, and its number in the epoch. Of a stream, epoch is the call.
  public var epoch = 0
  public var batch = 0
  /// Optimizer steps already taken on that batch.
  public var update = 0
  /// Steps that were not taken, because no example asked for a change.
  public var flatSteps = 0
  /// The policy that samples: fingerprint of the weights at the beginning of a call on a stream, of a run over files;
  /// nil where nobody asks. And the steps that had been taken then.
  public var policy: String?
  public var policyStep = 0
  /// What the objective remembers.
  public var memory: JSONValue = .null
  /// Frames of the current call's stream that have been used or left out, and whether that call reached its end.
  public var consumed = 0
  public var isCallOver = true
  /// No step is left.
  public var isFinished = false
  /// The line of the last step, where writing it to the log failed: it goes first when the run goes on.
  public var unlogged: String?
  /// What computed the last step: BLAS and kernels, on which the last bits depend. Kept while steps are left: a finished
  /// run has no bits to come.
  public var kernels: String?
  /// Steps that should have moved every part, and for how many of them each part's gradient was exactly zero.
  public var imageSteps = 0
  public var zeroSteps: [Part: Int] = [:]

  public init(tool: String, options: JSONObject, initPath: String, initFingerprint: String, input: RunInput) {
    self.tool = tool
    self.options = options
    self.initPath = initPath
    self.initFingerprint = initFingerprint
    self.input = input
  }

  /// What the lines of its log are told apart by: a fingerprint of how the run began and of the checkpoint's file name. The
  /// same command over the same weights and data has the same one, so that a run that was killed before it first saved
  /// finds its lines again; the folder may be moved.
  public func name(checkpoint path: String) -> String {
    var mixer = Mixer()
    let file = path.split(separator: "/").last.map(String.init) ?? ""
    for text in [tool, JSONValue.object(options).text(), initFingerprint, input.json.text(), file] { mixer.add(text) }
    return String(mixer.hexadecimal.suffix(8))
  }

  public var json: JSONValue {
    var zero = JSONObject()
    for part in Part.allCases { if let steps = zeroSteps[part] { zero[part.rawValue] = .int(steps) } }
    let json: JSONValue = [
      "version": 1, "tool": .string(tool), "options": .object(options), "init": .string(initPath),
      "init_fingerprint": .string(initFingerprint), "input": input.json,
      "reference": reference.map { .string($0) } ?? .null, "step": .int(step), "epoch": .int(epoch),
      "batch": .int(batch), "consumed": .int(consumed), "call_over": .bool(isCallOver), "finished": .bool(isFinished),
      "image_steps": .int(imageSteps), "zero_steps": .object(zero), "update": .int(update),
      "flat_steps": .int(flatSteps), "policy": policy.map { .string($0) } ?? .null, "policy_step": .int(policyStep),
      "objective": memory, "unlogged": unlogged.map { .string($0) } ?? .null,
    ]
    guard !isFinished, let kernels, var object = json.object else { return json }
    object["kernels"] = .string(kernels)
    return .object(object)
  }

  /// - Throws: 65 where the text is not a state that this version wrote.
  public init(_ json: JSONValue, checkpoint: String) throws {
    func missing(_ key: String) -> PlainFailure {
      .badData("\(checkpoint): the training state has no valid \"\(key)\"; use --new-run to start from its weights")
    }
    func int(_ key: String, absent: Int? = nil) throws -> Int {
      if let absent, json[key] == nil { return absent }
      guard let value = json[key]?.int, value >= 0 else { throw missing(key) }
      return value
    }
    func bool(_ key: String) throws -> Bool {
      guard let value = json[key]?.bool else { throw missing(key) }
      return value
    }
    func string(_ key: String) throws -> String {
      guard let value = json[key]?.string else { throw missing(key) }
      return value
    }
    guard json["version"]?.int == 1 else {
      throw PlainFailure.badData(
        "\(checkpoint): the training state is of another version, expected 1; use --new-run to start from its weights")
    }
    guard let options = json["options"]?.object else { throw missing("options") }
    guard let input = json["input"].flatMap({ RunInput($0) }) else { throw missing("input") }
    tool = try string("tool")
    self.options = options
    initPath = try string("init")
    initFingerprint = try string("init_fingerprint")
    self.input = input
    reference = json["reference"]?.string
    step = try int("step")
    epoch = try int("epoch")
    batch = try int("batch")
    consumed = try int("consumed")
    isCallOver = try bool("call_over")
    isFinished = try bool("finished")
    imageSteps = try int("image_steps")
    update = try int("update", absent: 0)
    flatSteps = try int("flat_steps", absent: 0)
    unlogged = json["unlogged"]?.string
    kernels = json["kernels"]?.string
    policy = json["policy"]?.string
    policyStep = try int("policy_step", absent: 0)
    memory = json["objective"] ?? .null
    for part in Part.allCases { zeroSteps[part] = json["zero_steps"]?[part.rawValue]?.int }
  }

  /// What stops `self` (the state on disk) from going on as the run that `now` describes: 64, naming the first
  /// difference.
  ///
  /// - Parameter defaults: of the options that `now` may have. A run that is older than an option has done what is the
  ///   option's default.
  public func mismatch(
    with now: RunState, defaults: JSONObject = JSONObject(), checkpoint: String
  ) -> PlainFailure? {
    let remedy = "give the same value, or --new-run to begin a new run from these weights"
    if tool != now.tool {
      return .usage("\(checkpoint): holds a run of \(tool); --new-run begins a new run from its weights")
    }
    for (name, value) in now.options where options[name] ?? defaults[name] != value {
      let before = options[name].map { Self.words($0) } ?? "no value"
      let hint = name == "steps" ? "--epochs counts as the steps that it comes to; " : ""
      return .usage("--\(name) \(Self.words(value)): the run in \(checkpoint) has \(before); \(hint)\(remedy)")
    }
    for (name, value) in options where now.options[name] == nil {
      return .usage("--\(name): the run in \(checkpoint) has \(Self.words(value)), now there is none; \(remedy)")
    }
    if initFingerprint != now.initFingerprint {
      return .usage(
        "--init \(now.initPath): the run in \(checkpoint) began from \(initPath), which has other weights; "
          + "give that, or --new-run to begin a new run from the weights of \(checkpoint)")
    }
    switch (input, now.input) {
    case (.stream, .stream): break
    case (.stream, .file): return .usage("the run in \(checkpoint) reads a stream, now a file is given; \(remedy)")
    case (.file, .stream): return .usage("the run in \(checkpoint) reads a file, now a stream is given; \(remedy)")
    case (.file(let size, let digest, let frames), .file(let size2, let digest2, let frames2)):
      if size != size2 || digest != digest2 {
        return .usage(
          "the run in \(checkpoint) reads a file of \(frames) frames (\(size) bytes), this one has \(frames2) frames "
            + "(\(size2) bytes)\(size == size2 ? " and other contents" : ""); give the same file, or --new-run")
      }
    }
    return nil
  }

  private static func words(_ value: JSONValue) -> String { value.string ?? value.text() }
}
