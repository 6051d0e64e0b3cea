import HTTPModel
import Primitives

/// A field's name as a policy is configured with it, ready to be looked for.
package struct FieldKey: Sendable, Equatable {
  private let id: FieldName
  /// In lower case.
  private let text: [UInt8]

  package init(_ name: String) {
    let lower = name.lowercased()
    id = FieldName.allCases.first { $0 != .other && "\($0.text)" == lower } ?? .other
    text = Array(lower.utf8)
  }

  /// The value of the first field of that name. Cost: one look where a known name is not there; a
  /// comparison of lengths for each other field.
  func first(in head: RequestHead, _ bytes: Span<UInt8>) -> ByteRange? {
    first(in: head.fields, head.present, bytes)
  }

  /// The same in any head's fields; `present`: the known names among them.
  func first(in fields: [Field], _ present: FieldSet, _ bytes: Span<UInt8>) -> ByteRange? {
    if id != .other, !present.contains(id) { return nil }
    for field in fields where field.id == id {
      if id != .other { return field.value }
      let name = bytes.extracting(field.name.bounds)
      if spells(name) { return field.value }
    }
    return nil
  }

  /// Adds the name to those that are not copied.
  func omit(_ known: inout FieldSet, _ others: inout [[UInt8]]) {
    if id == .other { others.append(text) } else { known.insert(id) }
  }

  /// Byte for byte.
  static func isSame(_ bytes: Span<UInt8>, _ text: [UInt8]) -> Bool {
    guard bytes.count == text.count else { return false }
    for index in bytes.indices where bytes[index] != text[index] { return false }
    return true
  }

  private func spells(_ name: Span<UInt8>) -> Bool {
    guard name.count == text.count else { return false }
    for index in name.indices {
      let byte = name[index]
      let lower = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
      if lower != text[index] { return false }
    }
    return true
  }
}
