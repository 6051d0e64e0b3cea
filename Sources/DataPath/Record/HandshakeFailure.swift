import TLS

/// A TLS handshake that failed, for the log.
package struct HandshakeFailure: Sendable {
  package enum Side: String, Sendable {
    case listener, upstream
  }

  package var side: Side
  /// The listener's or the upstream's.
  package var name: String
  /// The peer's address.
  package var peer: String
  package var fault: TLSFault
}
