// SPDX-License-Identifier: MIT
import StrictJSON

/// A name in double quotes for a message: escaped, and shortened where it is long.
func quoted(_ text: String) -> String {
  let limit = 60
  let scalars = text.unicodeScalars
  let shown = scalars.count > limit ? String(String.UnicodeScalarView(scalars.prefix(limit))) + "…" : text
  return JSONValue.string(shown).text()
}
