import HTTPModel
import Primitives

/// `HTTP/1.1` (RFC 9112 §2.3): one digit each, upper case.
enum Version {
  static func decode(_ bytes: Span<UInt8>, _ range: Range<Int>) -> (major: UInt8, minor: UInt8)? {
    guard range.count == 8 else { return nil }
    let at = range.lowerBound
    if ByteScan.equal(bytes.extracting(range), "HTTP/1.1") { return (1, 1) }
    guard bytes[at] == 0x48, bytes[at + 1] == 0x54, bytes[at + 2] == 0x54, bytes[at + 3] == 0x50,
      bytes[at + 4] == 0x2F, bytes[at + 6] == 0x2E,
      Token.isDigit(bytes[at + 5]), Token.isDigit(bytes[at + 7])
    else { return nil }
    return (bytes[at + 5] &- 0x30, bytes[at + 7] &- 0x30)
  }
}
