import HTTP1
import HTTP2
import HTTPModel
import Primitives

/// Writes fields as names and values for HPACK, names in lower case (RFC 9113 §8.2).
struct HTTP2FieldSink: FieldSink {
  let list: FieldList
  var out: Buffer { list.text }

  init(_ list: FieldList) { self.list = list }

  /// The name comes with the `: ` of text behind it.
  @inline(__always)
  func begin(_ name: StaticString) {
    list.begin(name)
    list.trimName(2)
  }

  @inline(__always)
  func begin(as name: Span<UInt8>) { list.begin(name) }

  @inline(__always)
  func end() { list.end() }

  func copy(
    _ fields: [Field], of bytes: Span<UInt8>, omitting omitted: FieldSet, others: [[UInt8]],
    nominatesOthers: Bool
  ) -> Bool {
    let before = list.count
    for field in fields {
      if HeadEncoder.isOmitted(field, bytes, omitted, others, fields, nominatesOthers) { continue }
      let name = bytes.extracting(field.name.bounds)
      guard put(as: name, bytes.extracting(field.value.bounds)) else {
        list.truncate(to: before)
        return false
      }
    }
    return true
  }

  func add(_ edits: HeaderEdits) -> Bool {
    let lines = edits.lines
    return addLines(lines.span)
  }

  /// Lines of text, as `HeadEncoder` writes them: `name: value CRLF`.
  func addLines(_ lines: Span<UInt8>) -> Bool {
    let before = list.count
    var start = 0
    while start < lines.count {
      guard let end = ByteScan.firstIndex(of: 0x0D, in: lines, from: start),
        let colon = ByteScan.firstIndex(of: 0x3A, in: lines, from: start), colon + 2 <= end
      else { preconditionFailure("lines that nobody wrote") }
      let value = Token.trimmed(lines, colon + 1..<end)
      guard put(as: lines.extracting(start..<colon), lines.extracting(value)) else {
        list.truncate(to: before)
        return false
      }
      start = end + 2
    }
    return true
  }
}
