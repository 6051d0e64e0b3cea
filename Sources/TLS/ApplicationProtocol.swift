/// What is spoken inside, agreed in the handshake (ALPN, RFC 7301).
package enum ApplicationProtocol: String, Sendable, CaseIterable {
  case http2 = "h2"
  case http1 = "http/1.1"

  /// Names with their lengths before them, as the extension carries them.
  static func wire(_ protocols: [ApplicationProtocol]) -> [UInt8] {
    protocols.flatMap { [UInt8($0.rawValue.utf8.count)] + Array($0.rawValue.utf8) }
  }
}
