import Primitives

/// Appends the members of one JSON object to a buffer; for log lines, whose room was made before.
package struct JSONWriter {
  private let out: Buffer
  private var isFirst = true

  package init(_ out: Buffer) {
    self.out = out
    out.append(0x7B)
  }

  /// Ends the object and the line.
  package func end() {
    out.append("}\n")
  }

  package mutating func name(_ name: StaticString) {
    out.append(isFirst ? "\"" : ",\"")
    isFirst = false
    out.append(name)
    out.append("\":")
  }

  /// Begins a member that is an object itself; `endObject` ends it.
  package mutating func beginObject(_ name: StaticString) {
    self.name(name)
    out.append(0x7B)
    isFirst = true
  }

  package mutating func endObject() {
    out.append(0x7D)
    isFirst = false
  }

  /// A member's name from the configuration; its `value` follows.
  package mutating func member(_ name: [UInt8]) {
    if !isFirst { out.append(0x2C) }
    isFirst = false
    value(name.span)
    out.append(0x3A)
  }

  package mutating func number(_ name: StaticString, _ value: UInt64) {
    self.name(name)
    out.append(decimal: value)
  }

  package mutating func text(_ name: StaticString, _ value: StaticString) {
    self.name(name)
    out.append(0x22)
    out.append(value)
    out.append(0x22)
  }

  /// For names from configuration.
  package mutating func text(_ name: StaticString, _ value: String) {
    text(name, value.utf8.span)
  }

  /// `value` may be a peer's bytes: at most `most` of them are shown, escaped (RFC 8259 §7); bytes
  /// above ASCII are shown as the code points of their values.
  package mutating func text(_ name: StaticString, _ value: Span<UInt8>, most: Int = 1024) {
    self.name(name)
    self.value(value, most: most)
  }

  /// A member's value, behind its `name`.
  package func value(_ value: Span<UInt8>, most: Int = 1024) {
    out.append(0x22)
    for index in 0..<min(value.count, most) { appendEscaped(value[index]) }
    out.append(0x22)
  }

  private func appendEscaped(_ byte: UInt8) {
    switch byte {
    case 0x22, 0x5C:
      out.append(0x5C)
      out.append(byte)
    case 0x20..<0x7F: out.append(byte)
    default:
      out.append(byte < 16 ? "\\u000" : "\\u00")
      out.append(hexadecimal: UInt64(byte))
    }
  }
}
