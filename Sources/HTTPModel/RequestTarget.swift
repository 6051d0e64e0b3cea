import Primitives

/// The four forms of a request target (RFC 9112 §3.2).
///
/// Accepted beyond RFC 3986: the visible ASCII that browsers send unescaped (`|`, `"`, `{`, `^`,
/// `` ` ``, `[`). Refused: a fragment, user information in an authority, octets above ASCII.
package enum RequestTarget {
  package static func decode(
    _ bytes: Span<UInt8>, _ range: Range<Int>, into head: RequestHead
  ) throws(HeadFault) {
    if head.method == .connect {
      guard Authority.isValid(bytes.extracting(range), mayBeEmpty: false, needsPort: true) else {
        throw .badTarget
      }
      head.targetForm = .authority
      head.authority = ByteRange(range)
      setPath(range.upperBound..<range.upperBound, nil, head)
    } else if bytes[range.lowerBound] == 0x2F {
      head.targetForm = .origin
      try split(bytes, range, head)
    } else if range.count == 1, bytes[range.lowerBound] == 0x2A {
      guard head.method == .options else { throw .badTarget }
      head.targetForm = .asterisk
      setPath(range, nil, head)
    } else {
      try decodeAbsolute(bytes, range, head)
    }
  }

  private static func decodeAbsolute(
    _ bytes: Span<UInt8>, _ range: Range<Int>, _ head: RequestHead
  ) throws(HeadFault) {
    guard let schemeBytes = schemeLength(bytes, range) else { throw .badTarget }
    let start = range.lowerBound + schemeBytes
    var end = start
    while end < range.upperBound, bytes[end] != 0x2F, bytes[end] != 0x3F, bytes[end] != 0x23 {
      end += 1
    }
    guard Authority.isValid(bytes.extracting(start..<end), mayBeEmpty: false) else {
      throw .badTarget
    }
    head.targetForm = .absolute
    head.authority = ByteRange(start..<end)
    try split(bytes, end..<range.upperBound, head)
    // RFC 9112 §3.2.4: OPTIONS of a server as a whole, which the last proxy asks for as `*`.
    if head.method == .options, head.path.isEmpty, !head.hasQuery { head.targetForm = .asterisk }
  }

  private static func schemeLength(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
    let at = range.lowerBound
    if range.count > 7, ByteScan.equalIgnoringCase(bytes.extracting(at..<at + 7), "http://") {
      return 7
    }
    if range.count > 8, ByteScan.equalIgnoringCase(bytes.extracting(at..<at + 8), "https://") {
      return 8
    }
    return nil
  }

  private static func split(
    _ bytes: Span<UInt8>, _ range: Range<Int>, _ head: RequestHead
  ) throws(HeadFault) {
    let target = bytes.extracting(range)
    let end = ByteScan.firstQueryOrFragment(in: target, from: 0)
    guard end < target.count else { return setPath(range, nil, head) }
    guard target[end] == 0x3F,
      ByteScan.firstIndex(of: 0x23, in: target, from: end + 1) == nil
    else { throw .badTarget }
    let question = range.lowerBound + end
    setPath(range.lowerBound..<question, question + 1, head)
    head.query = ByteRange(question + 1..<range.upperBound)
  }

  private static func setPath(_ path: Range<Int>, _ query: Int?, _ head: RequestHead) {
    head.path = ByteRange(path)
    head.hasQuery = query != nil
    head.query = .empty
  }
}
