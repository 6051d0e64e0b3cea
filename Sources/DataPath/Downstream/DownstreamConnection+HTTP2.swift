import Primitives
import Reactor
import Transport

/// A connection that turned out to speak HTTP/2.
extension DownstreamConnection {
  /// The first line of the connection preface (RFC 9113 §3.4), which no request of HTTP/1 has. The
  /// rest of it the session judges.
  private static let preface: StaticString = "PRI * HTTP/2.0\r\n"

  /// A connection's first line is that of the preface: its bytes are the session's from here on.
  /// Called where HTTP/1 has refused the line, so that no other request pays for the look.
  func becomesHTTP2(by received: Buffer) -> Bool {
    let count = Self.preface.utf8CodeUnitCount
    // Over TLS what is spoken was agreed in the handshake (RFC 9113 §3.2).
    guard requestCount == 0, !isSecure, received.count >= count,
      ByteScan.equal(received.readable.extracting(0..<count), Self.preface)
    else { return false }
    input.take(from: received)
    beginHTTP2()
    return true
  }
}
