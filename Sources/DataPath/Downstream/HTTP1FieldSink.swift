import HTTP1
import HTTPModel
import Primitives

/// Writes fields as lines of text (RFC 9112 §5).
struct HTTP1FieldSink: FieldSink {
  let out: Buffer

  @inline(__always)
  func begin(_ name: StaticString) {
    out.append(name)
  }

  @inline(__always)
  func begin(as name: Span<UInt8>) {
    out.append(name)
    out.append(": ")
  }

  @inline(__always)
  func end() { out.append("\r\n") }

  @inline(__always)
  func copy(
    _ fields: [Field], of bytes: Span<UInt8>, omitting omitted: FieldSet, others: [[UInt8]],
    nominatesOthers: Bool
  ) -> Bool {
    HeadEncoder.copyFields(
      fields, of: bytes, omitting: omitted, others: others, nominatesOthers: nominatesOthers,
      to: out)
  }

  @inline(__always)
  func add(_ edits: HeaderEdits) -> Bool {
    guard edits.lines.count <= out.writableCount else { return false }
    out.append(edits.lines)
    return true
  }
}
