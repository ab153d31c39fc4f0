// SPDX-License-Identifier: MIT
// A name for an image's content: equal patches, equal digest.

import Digests
import Imaging

enum ImageDigest {
  /// 32 hexadecimal digits over the patches, their size and grid.
  static func of(_ patches: Patches) -> String {
    var digest = ContentDigest()
    for extent in [patches.gridHeight, patches.gridWidth, patches.patch] { digest.add(UInt64(extent)) }
    patches.values.withUnsafeBytes { digest.add($0) }
    return digest.hexadecimal
  }
}
