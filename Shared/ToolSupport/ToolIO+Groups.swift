// SPDX-License-Identifier: MIT
import TensorStream

extension ToolIO {
  /// Sends every frame through what works on several at a time, and writes them in their order. Bad ones are passed over
  /// with --skip-bad.
  public func pass(through groups: any FramePass) throws {
    func emit(_ results: [FrameResult]) throws {
      for result in results { try attempt { try write(result.get()) } }
    }
    while let frame = try next() { try emit(groups.add(frame)) }
    try emit(groups.flush())
  }
}
