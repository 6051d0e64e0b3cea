import Reactor
import TLS

/// How a call of Weir's own is secured.
package struct ClientSecurity: Sendable {
  /// The newest credentials and trust.
  package var slot: IdentitySlot
  /// The name that the address was found by, for which the certificate may have to be.
  package var host: String?
  /// Only HTTP/1.1 will do on this connection, whatever the identity offers.
  package var offersHTTP1Alone: Bool

  package init(_ slot: IdentitySlot, host: String? = nil, offersHTTP1Alone: Bool = false) {
    self.slot = slot
    self.host = host
    self.offersHTTP1Alone = offersHTTP1Alone
  }

  /// Errors: there is no memory for it.
  func makeSession(resuming resumption: TLSResumption?) throws(Errno) -> TLSSession {
    do throws(CredentialFault) {
      let session = try TLSSession(slot.current, host: host, resuming: resumption)
      if offersHTTP1Alone { session.offer([.http1]) }
      return session
    } catch {
      throw .outOfMemory
    }
  }
}
