import Primitives

/// A handshake in memory, of which both sides are ours: credentials with which it fails are never served.
///
/// Neither side asks for the other's identity: what is tried is that key, certificate and the versions
/// that are spoken go together. Cost: about 1 ms.
package enum TrialHandshake {
  /// More than a flight with any chain that is read.
  private static let bytesMax = 128 * 1024

  /// Errors: why it fails.
  package static func run(
    _ credentials: Credentials, _ version: TLSContext.Version
  ) throws(CredentialFault) {
    let client = try session(.client, nil, version)
    let server = try session(.server, credentials, version)
    let toServer = Buffer(capacity: bytesMax)
    let toClient = Buffer(capacity: bytesMax)
    // Three flights and a half; more means that neither goes on.
    for _ in 0..<8 {
      for (side, input, output) in [(client, toClient, toServer), (server, toServer, toClient)]
      where !side.isEstablished {
        if case .failed(let fault) = side.handshake(input, output) {
          throw CredentialFault("a trial handshake with it fails (\(fault.text))")
        }
      }
      if client.isEstablished, server.isEstablished { return }
    }
    throw CredentialFault("a trial handshake with it does not come to its end")
  }

  private static func session(
    _ role: TLSContext.Role, _ credentials: Credentials?, _ version: TLSContext.Version
  ) throws(CredentialFault) -> TLSSession {
    var settings = TLSContext.Settings(role: role, peer: PeerRules(certificate: .none))
    settings.minimumVersion = version
    return try TLSSession(TLSContext(settings, credentials: credentials, bundle: nil))
  }
}
