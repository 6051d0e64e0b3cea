import TLS

/// How a listener secures its connections.
package final class ListenerTLS: Sendable {
  /// The newest certificate and what is asked of clients.
  package let slot: IdentitySlot
  /// Clients in plaintext are served too, and counted, so that a mesh can be moved to TLS.
  package let isPermissive: Bool
  /// From the first byte to the end of the handshake.
  package let handshakeNanoseconds: Int64

  package init(_ slot: IdentitySlot, isPermissive: Bool, handshakeNanoseconds: Int64) {
    self.slot = slot
    self.isPermissive = isPermissive
    self.handshakeNanoseconds = handshakeNanoseconds
  }
}
