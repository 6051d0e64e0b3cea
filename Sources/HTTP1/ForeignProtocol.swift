import HTTPModel
import Primitives

/// Other protocols that are spoken to an HTTP/1.1 port by mistake, told by how they begin.
///
/// Asked only where a first line has been refused already, so that a good head costs nothing; what
/// it answers makes the failure's detail say what to mend. The verdict depends on bytes that are
/// there at the latest when the line is refused, or waits for them, so that it does not depend on
/// how the bytes were split.
enum ForeignProtocol {
  /// What a client speaks whose first line begins with `bytes`; nil: nothing that is known.
  static func asking(_ bytes: Span<UInt8>) -> HeadFault? {
    // A TLS record (RFC 8446 §5.1): handshake, of a version 3.x.
    if begins(bytes, 0x16, 0x03) { return .tlsClientHello }
    // Version 2's signature, behind the two empty lines with which it begins, and version 1's word
    // (HAProxy, proxy-protocol.txt §2).
    if begins(bytes, 0x00, 0x0D) || begins(bytes, "PROXY ") { return .proxyProtocol }
    return begins(bytes, "SSH-") ? .sshBanner : nil
  }

  /// The same of an endpoint's answer.
  static func answering(_ bytes: Span<UInt8>) -> HeadFault? {
    // An alert or a handshake.
    if begins(bytes, 0x15, 0x03) || begins(bytes, 0x16, 0x03) { return .tlsRecord }
    // A server of HTTP/2 begins with SETTINGS (RFC 9113 §3.4), which are shorter than 256 bytes.
    if begins(bytes, 0x00, 0x00), bytes.count >= frameHeadBytes, bytes[3] == 0x04 {
      return .http2Frame
    }
    return begins(bytes, "SSH-") ? .sshBanner : nil
  }

  /// The bytes are too few to tell whether they are a frame of HTTP/2.
  static func mayBecomeFrame(_ bytes: Span<UInt8>) -> Bool {
    begins(bytes, 0x00, 0x00) && bytes.count < frameHeadBytes
  }

  /// Three bytes of length, one of type (RFC 9113 §4.1).
  private static let frameHeadBytes = 4

  private static func begins(_ bytes: Span<UInt8>, _ first: UInt8, _ second: UInt8) -> Bool {
    bytes.count >= 2 && bytes[0] == first && bytes[1] == second
  }

  private static func begins(_ bytes: Span<UInt8>, _ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    return bytes.count >= count && ByteScan.equal(bytes.extracting(0..<count), text)
  }
}
