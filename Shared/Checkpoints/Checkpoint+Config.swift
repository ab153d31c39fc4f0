// SPDX-License-Identifier: MIT
// What the storage of a checkpoint needs to know of its config.json; architectures read the rest for themselves.

import StrictJSON

extension JSONValue {
  /// A config that states its dtype (`dtype`, or `torch_dtype` in older ones, also in its sub-configs) with another
  /// one in its place; one that states none is unchanged.
  public func settingDType(_ name: String) -> JSONValue {
    guard var object else { return self }
    for key in ["dtype", "torch_dtype"] where object[key]?.string != nil { object[key] = .string(name) }
    for (key, value) in object where key.hasSuffix("_config") { object[key] = value.settingDType(name) }
    return .object(object)
  }
}
