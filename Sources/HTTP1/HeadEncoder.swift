import HTTPModel
import Primitives

/// Writes heads, made anew from what was understood. Every call answers false, having appended
/// nothing, when the buffer lacks the room. Cost: one copy of the bytes.
package enum HeadEncoder {
  /// `method SP target SP HTTP/1.1 CRLF`; the target comes in two parts so that a rewritten path
  /// and the received query need not be joined first.
  package static func appendRequestLine(
    method: Span<UInt8>, path: Span<UInt8>, query: Span<UInt8>, hasQuery: Bool,
    to out: Buffer
  ) -> Bool {
    let count = method.count + path.count + query.count + 13
    guard count <= out.writableCount else { return false }
    out.append(method)
    out.append(0x20)
    out.append(path)
    if hasQuery {
      out.append(0x3F)
      out.append(query)
    }
    out.append(" HTTP/1.1\r\n")
    return true
  }

  /// `HTTP/1.1 SP status SP reason CRLF`.
  package static func appendStatusLine(
    _ status: UInt16, reason: Span<UInt8>, to out: Buffer
  ) -> Bool {
    guard reason.count + 15 <= out.writableCount else { return false }
    out.append("HTTP/1.1 ")
    out.append(decimal: UInt64(status))
    out.append(0x20)
    out.append(reason)
    out.append("\r\n")
    return true
  }

  package static func appendField(
    name: Span<UInt8>, value: Span<UInt8>, to out: Buffer
  ) -> Bool {
    guard name.count + value.count + 4 <= out.writableCount else { return false }
    out.append(name)
    out.append(": ")
    out.append(value)
    out.append("\r\n")
    return true
  }

  package static func appendField(
    _ name: StaticString, value: Span<UInt8>, to out: Buffer
  ) -> Bool {
    guard name.utf8CodeUnitCount + value.count + 4 <= out.writableCount else { return false }
    out.append(name)
    out.append(": ")
    out.append(value)
    out.append("\r\n")
    return true
  }

  /// A whole line or lines, CRLF included.
  package static func append(_ text: StaticString, to out: Buffer) -> Bool {
    guard text.utf8CodeUnitCount <= out.writableCount else { return false }
    out.append(text)
    return true
  }

  /// Copies the fields in order but the known names in `omitted`, the names in `others` (lower case)
  /// and, where `nominatesOthers`, those that a `Connection` field of the same table nominates
  /// (RFC 9110 §7.6.1).
  package static func copyFields(
    _ fields: [Field], of bytes: Span<UInt8>, omitting omitted: FieldSet, others: [[UInt8]] = [],
    nominatesOthers: Bool, to out: Buffer
  ) -> Bool {
    let before = out.count
    for index in fields.indices {
      let field = fields[index]
      if field.id != .other, omitted.contains(field.id) { continue }
      let name = bytes.extracting(field.name.bounds)
      if nominatesOthers, isNominated(name, fields, bytes) { continue }
      if !others.isEmpty, field.id == .other,
        others.contains(where: { equalIgnoringCase($0.span, name) })
      {
        continue
      }
      guard appendField(name: name, value: bytes.extracting(field.value.bounds), to: out) else {
        out.truncate(out.count - before)
        return false
      }
    }
    return true
  }

  /// Whether a `Connection` field names `name`. Cost: linear in the Connection fields.
  package static func isNominated(
    _ name: Span<UInt8>, _ fields: [Field], _ bytes: Span<UInt8>
  ) -> Bool {
    for field in fields where field.id == .connection {
      let found = !Token.eachElement(of: bytes, in: field.value.bounds) { element in
        !equalIgnoringCase(bytes.extracting(element), name)
      }
      if found { return true }
    }
    return false
  }

  package static func equalIgnoringCase(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    for index in left.indices
    where ByteScan.asciiLowercased(left[index]) != ByteScan.asciiLowercased(right[index]) {
      return false
    }
    return true
  }
}
