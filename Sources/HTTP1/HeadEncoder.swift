import HTTPModel
import Primitives

/// Writes heads, made anew from what was understood. Every call answers false, having appended
/// nothing, when the buffer lacks the room. Cost: one copy of the bytes.
@usableFromInline package enum HeadEncoder {
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

  @inlinable @inline(__always)
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
  @inlinable @inline(__always)
  package static func append(_ text: StaticString, to out: Buffer) -> Bool {
    guard text.utf8CodeUnitCount <= out.writableCount else { return false }
    out.append(text)
    return true
  }

  /// Copies the fields in order but the known names in `omitted`, the names in `others` (lower case;
  /// a `_` for their `-` does not save a field, as with `FieldName.disguised`) and, where
  /// `nominatesOthers`, those that a `Connection` field of the same table nominates (RFC 9110 §7.6.1).
  package static func copyFields(
    _ fields: [Field], of bytes: Span<UInt8>, omitting omitted: FieldSet, others: [[UInt8]] = [],
    nominatesOthers: Bool, to out: Buffer
  ) -> Bool {
    let before = out.count
    // Lines that stand together and are written as they would be anew go out in one copy.
    var run = 0..<0
    for index in fields.indices {
      let field = fields[index]
      if isOmitted(field, bytes, omitted, others, fields, nominatesOthers) { continue }
      let line = canonicalLine(field, bytes)
      if let line, line.lowerBound == run.upperBound, !run.isEmpty {
        run = run.lowerBound..<line.upperBound
        continue
      }
      guard copy(bytes, run, to: out) else { return undo(before, out) }
      run = line ?? 0..<0
      if line == nil {
        let value = bytes.extracting(field.value.bounds)
        guard appendField(name: bytes.extracting(field.name.bounds), value: value, to: out) else {
          return undo(before, out)
        }
      }
    }
    return copy(bytes, run, to: out) || undo(before, out)
  }

  /// Whether `copyFields` leaves it out.
  @inline(__always)
  package static func isOmitted(
    _ field: Field, _ bytes: Span<UInt8>, _ omitted: FieldSet, _ others: [[UInt8]],
    _ fields: [Field], _ nominatesOthers: Bool
  ) -> Bool {
    if field.id != .other, omitted.contains(field.id) { return true }
    if !nominatesOthers, others.isEmpty { return false }
    let name = bytes.extracting(field.name.bounds)
    if nominatesOthers, ConnectionField.nominates(name, fields, bytes) { return true }
    return field.id == .other && others.contains { ByteScan.equalFolded(name, $0.span) }
  }

  /// The field's whole line, if it is `name: value CRLF` with nothing else between.
  @inline(__always)
  private static func canonicalLine(_ field: Field, _ bytes: Span<UInt8>) -> Range<Int>? {
    let colon = field.name.end
    let end = field.value.end
    guard Int(field.value.start) == colon + 2, bytes[colon + 1] == 0x20, end + 1 < bytes.count,
      bytes[end] == 0x0D
    else { return nil }
    return Int(field.name.start)..<end + 2
  }

  private static func copy(_ bytes: Span<UInt8>, _ run: Range<Int>, to out: Buffer) -> Bool {
    guard run.count <= out.writableCount else { return false }
    if !run.isEmpty { out.append(bytes.extracting(run)) }
    return true
  }

  private static func undo(_ before: Int, _ out: Buffer) -> Bool {
    out.truncate(out.count - before)
    return false
  }
}
