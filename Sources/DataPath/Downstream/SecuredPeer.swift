import Primitives
import TLS

/// What a TLS handshake with a client has agreed on, and who the client is; made once a connection.
final class SecuredPeer {
  /// `TLSv1.3`.
  let version: [UInt8]
  /// What was agreed to be spoken; empty: the client named nothing.
  let applicationProtocol: [UInt8]
  /// Nil: it has shown no certificate, or one without a SPIFFE id.
  let identity: SPIFFEID?
  /// For logs: its SPIFFE id, else its certificate's subject; empty: it has shown none.
  let name: [UInt8]
  /// An element of `x-forwarded-client-cert` in Envoy's form; empty: it has shown no certificate.
  let forwardedCertificate: [UInt8]

  init(_ session: TLSSession) {
    version = Array(session.version.utf8)
    applicationProtocol = Array((session.applicationProtocol?.rawValue ?? "").utf8)
    let peer = session.peer
    let id = try? peer?.workloadID()
    identity = id
    name = Array((id?.text ?? peer?.subject ?? "").utf8)
    forwardedCertificate =
      peer.map { Self.element($0, by: session.context.credentials?.leaf) } ?? []
  }

  /// `By=…;Hash=…;Subject="…";URI=…;DNS=…`: whom it called, and who it is. Names in which a mark of the
  /// form stands are left out: nobody but an authority can have put one there, and no reader would agree
  /// with another on what it says.
  private static func element(_ peer: PeerCertificate, by own: PeerCertificate?) -> [UInt8] {
    var text = ""
    if let uri = own?.uris.first, isPlain(uri) { text += "By=\(uri);" }
    let digits = Array("0123456789abcdef")
    text += "Hash=" + String(peer.digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    // RFC 2253's form has escaped quotes and controls already.
    text += ";Subject=\"\(peer.subject)\""
    for uri in peer.uris where isPlain(uri) { text += ";URI=\(uri)" }
    for host in peer.hostNames where isPlain(host) { text += ";DNS=\(host)" }
    return Array(text.utf8)
  }

  private static func isPlain(_ text: String) -> Bool {
    text.utf8.allSatisfy { byte in
      byte > 0x20 && byte < 0x7F && ![0x22, 0x2C, 0x3B, 0x3D, 0x5C].contains(byte)
    }
  }
}
