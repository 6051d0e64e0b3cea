/// What is spoken to the endpoints of an upstream.
package enum UpstreamProtocol: String, CaseIterable, Sendable {
  /// What the endpoint agrees to in the handshake (ALPN, RFC 7301), and HTTP/1.1 in plaintext.
  case auto
  case http1
  /// In plaintext by prior knowledge (RFC 9113 §3.3).
  case http2
  /// Whatever it is, byte for byte.
  case tcp
}
