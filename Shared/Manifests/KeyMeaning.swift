// SPDX-License-Identifier: MIT
// What the keys of a manifest are taken for, and what is said of those that look as if they had been meant for something.

import StrictJSON

/// Something to say about a key, once a reader.
public struct KeyRemark: Sendable, Equatable {
  public let key: String
  public let text: String
  /// Whether it may be a mistake; else it only tells what the key was taken for.
  public let isWarning: Bool
}

extension ManifestExample {
  /// What `key` means; nil where it is only metadata.
  static func meaning(of key: String, _ options: ManifestOptions) -> String? {
    switch key {
    case "id": "the example's id"
    case "image", "images": "the image"
    case "image_rejected": "the rejected response's image"
    case "mask": "the classes of the image's pixels"
    case "question", "prompt": "the user's text"
    case "conversations", "messages": "the turns of a conversation"
    case "system": "the system line"
    case "chosen": "the preferred response"
    case "rejected": "the rejected response"
    case "answer": "the supervised response"
    case "caption" where options.takesCaptions: "the caption"
    case "choices": "the candidate answers"
    case "gt": "the reference answer"
    case "label": "the class's number"
    case "class": "the class's name"
    case "category", "benchmark", "pair_id", "reward", "box_space", "source": "metadata that reward reads"
    default: nil
    }
  }

  /// What there is to say about the keys of `fields`, of which this example was made.
  ///
  /// Throws where the example has no image and a key looks like one: it would train on text alone without a word.
  func remarks(on fields: Fields, _ options: ManifestOptions) throws -> [KeyRemark] {
    var remarks: [KeyRemark] = []
    for (key, value) in fields.object where !value.isNull {
      if let meaning = Self.meaning(of: key, options) {
        remarks.append(KeyRemark(key: key, text: "key \"\(key)\" is \(meaning)", isWarning: false))
        continue
      }
      remarks.append(KeyRemark(key: key, text: "key \"\(key)\" is metadata, passed on as it is", isWarning: false))
      guard !options.metadataKeys.contains(key), let likeness = Likeness(key, value),
        let (looks, remedy) = doubt(likeness)
      else { continue }
      let said = "\"\(key)\" (\(Fields.quote(value))) looks like \(looks)"
      let both = "\(remedy), or say --metadata \(key) if it is none"
      if likeness == .image, image == nil { throw fields.error("has no \"image\", and \(said): \(both)") }
      remarks.append(
        KeyRemark(key: key, text: "\(fields.place.text): \(said), and is not used: \(both)", isWarning: true))
    }
    return remarks
  }

  /// What a key of this likeness would be, and what to do about it; nil where the example does not lack it.
  private func doubt(_ likeness: Likeness) -> (looks: String, remedy: String)? {
    let hasNoText = prompt == nil && chosen == nil && answer.isEmpty
    let isBare = hasNoText && label == nil && mask == nil && metadata[.className] == nil
    switch likeness {
    case .image where image == nil: return ("an image", "name it \"image\"")
    case .image: return ("an image", "beside \"image\" there are \"image_rejected\" and \"mask\"")
    case .imageHint where image == nil: return ("an image's", "an image goes under \"image\"")
    case .question where (prompt ?? []).isEmpty && label == nil && mask == nil && metadata[.className] == nil:
      return ("the user's text", "name it \"question\", \"prompt\", \"conversations\" or \"messages\"")
    case .history: return ("earlier turns", "those go under \"conversations\" or \"messages\"")
    case .system: return ("the system line", "name it \"system\"")
    case .pair where chosen == nil: return ("a pair's response", "name the two \"chosen\" and \"rejected\"")
    case .response where isBare && image != nil:
      return ("a response", "name it \"answer\", beside a \"question\" or with --captions")
    case .response where prompt != nil && chosen == nil && answer.isEmpty && choices.isEmpty && metadata[.truth] == nil:
      return ("a response", "name it \"answer\" or \"gt\"")
    case .choices where choices.isEmpty: return ("candidate answers", "name it \"choices\"")
    case .classification where label == nil && metadata[.className] == nil:
      return ("a class", "name it \"class\" or \"label\"")
    default: return nil
    }
  }
}
