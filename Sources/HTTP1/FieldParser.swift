import HTTPModel
import Primitives

/// Reads one field line; shared by both heads (RFC 9112 §5).
enum FieldParser {
  /// The field of `line`, which is the line's bounds without its CRLF.
  ///
  /// Strict where smuggling begins: no space before the colon, no folding, no control byte, a name
  /// of token characters only. A value may hold 8-bit octets (obs-text, RFC 9110 §5.5).
  @inline(__always)
  static func field(
    in bytes: Span<UInt8>, line: Range<Int>
  ) throws(HeadFault) -> Field {
    let nameEnd = ByteScan.firstIndex(of: 0x3A, in: bytes, from: line.lowerBound) ?? bytes.count
    guard nameEnd < line.upperBound, nameEnd > line.lowerBound else {
      throw nameFault(bytes, line)
    }
    let name = line.lowerBound..<nameEnd
    let id = FieldName.classify(bytes.extracting(name))
    // The known names are tokens.
    if id == .other, Token.end(in: bytes, from: line.lowerBound) != nameEnd {
      throw nameFault(bytes, line)
    }
    let value = Token.trimmed(bytes, nameEnd + 1..<line.upperBound)
    return Field(name: ByteRange(name), value: ByteRange(value), id: id)
  }

  private static func nameFault(_ bytes: Span<UInt8>, _ line: Range<Int>) -> HeadFault {
    let nameEnd = Token.end(in: bytes, from: line.lowerBound)
    let first = bytes[line.lowerBound]
    if first == 0x20 || first == 0x09 { return .foldedField }
    if nameEnd < line.upperBound, nameEnd > line.lowerBound,
      bytes[nameEnd] == 0x20 || bytes[nameEnd] == 0x09
    {
      return .spaceBeforeColon
    }
    return .badFieldName
  }
}
