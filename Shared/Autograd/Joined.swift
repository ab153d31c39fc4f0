// SPDX-License-Identifier: MIT
// Several results of one graph under one root.
import Tensors

/// The elements of `parts`, one after the other: so that `backward` walks a graph with several results once, and what they
/// share receives its whole gradient before it hands it on.   any shapes  ->  [Σ counts]
public func joined(_ parts: [Variable]) -> Variable {
  let value = Tensor(uninitialized: [parts.reduce(0) { $0 + $1.value.count }])
  var starts: [Int] = []
  var end = 0
  for part in parts {
    (value.pointer + end).update(from: part.value.pointer, count: part.value.count)
    starts.append(end)
    end += part.value.count
  }
  return Variable(value, from: parts) { gradient in
    for (part, start) in zip(parts, starts) where part.requiresGradient {
      let share = Tensor(uninitialized: part.shape)
      share.pointer.update(from: gradient.pointer + start, count: share.count)
      part.accumulate(share)
    }
  }
}
