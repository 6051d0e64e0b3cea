import HTTPModel
import Primitives

/// The request line: `method SP target SP HTTP/1.x` (RFC 9112 §3).
enum RequestLine {
  static func decode(
    _ bytes: Span<UInt8>, _ line: Range<Int>, _ limits: HeadLimits, into head: HTTP1RequestHead
  ) throws(HeadFault) {
    let methodEnd = Token.end(in: bytes, from: line.lowerBound)
    guard methodEnd > line.lowerBound else { throw .badMethod }
    guard methodEnd < line.upperBound, bytes[methodEnd] == 0x20 else {
      throw methodEnd == line.upperBound ? .badStartLine : .badMethod
    }
    let targetStart = methodEnd + 1
    let targetEnd = ByteScan.firstNonVisible(in: bytes, from: targetStart)
    guard targetEnd < line.upperBound, bytes[targetEnd] == 0x20 else {
      throw targetEnd >= line.upperBound ? .badStartLine : .badTarget
    }
    guard targetEnd > targetStart else { throw .badTarget }
    let method = line.lowerBound..<methodEnd
    head.methodText = ByteRange(method)
    head.method = Method(bytes.extracting(method))
    head.target = ByteRange(targetStart..<targetEnd)
    head.minorVersion = try version(bytes, targetEnd + 1..<line.upperBound, head, bytes)
    guard head.target.count <= limits.targetBytesMax else { throw .targetTooLong }
    try RequestTarget.decode(bytes, targetStart..<targetEnd, into: head)
  }

  private static func version(
    _ bytes: Span<UInt8>, _ range: Range<Int>, _ head: HTTP1RequestHead, _ all: Span<UInt8>
  ) throws(HeadFault) -> UInt8 {
    guard let (major, minor) = Version.decode(bytes, range) else { throw .badVersion }
    if major == 1 { return minor == 0 ? 0 : 1 }
    let isPreface =
      major == 2 && head.target.count == 1
      && ByteScan.equalIgnoringCase(all.extracting(head.methodText.bounds), "pri")
    throw isPreface ? .http2Preface : .versionUnsupported
  }
}
