import Reactor
import TLS

/// How a call of Weir's own is secured.
package struct ClientSecurity: Sendable {
  /// The newest credentials and trust.
  package var slot: IdentitySlot
  /// The name that the address was found by, for which the certificate may have to be.
  package var host: String?

  package init(_ slot: IdentitySlot, host: String? = nil) {
    self.slot = slot
    self.host = host
  }

  /// Errors: there is no memory for it.
  func makeSession(resuming resumption: TLSResumption?) throws(Errno) -> TLSSession {
    do throws(CredentialFault) {
      return try TLSSession(slot.current, host: host, resuming: resumption)
    } catch {
      throw .outOfMemory
    }
  }
}
