import COpenSSL
import Primitives

/// What is asked of the other side of a connection.
package struct PeerRules: Sendable {
  /// Whether it must show a certificate. A server that is called must always.
  package enum Certificate: String, Sendable, CaseIterable {
    case required, optional, none
  }

  package var certificate: Certificate
  /// One of these must be its SPIFFE id; empty: the id is not asked for.
  package var workloads: [SPIFFEPattern]
  /// The certificate must be for this host or address, which is also what is said in the handshake (SNI);
  /// nil: that is not asked for.
  package var hostName: String?

  package init(
    certificate: Certificate, workloads: [SPIFFEPattern] = [], hostName: String? = nil
  ) {
    self.certificate = certificate
    self.workloads = workloads
    self.hostName = hostName
  }

  /// What is wrong with a peer whose chain leads to a trusted root; nil: nothing. A certificate that has a
  /// SPIFFE id must keep the rules of X.509-SVID, whether one is asked for or not, since policies go by it.
  // SAFETY: the pointer is the caller's for the call.
  @unsafe func fault(
    of pointer: OpaquePointer, _ peer: PeerCertificate, hostName: String?
  ) -> TLSFault? {
    let id: SPIFFEID?
    do throws(CredentialFault) {
      id = try peer.workloadID()
    } catch {
      return TLSFault(.certificateInvalid, error.message, subject: peer.subject)
    }
    if !workloads.isEmpty, id.map({ id in workloads.contains { $0.matches(id) } }) != true {
      let wanted = workloads.map(\.text).joined(separator: ", ")
      return TLSFault(
        .identityMismatch, "the peer is \(id?.text ?? "without a SPIFFE id"), not \(wanted)",
        subject: peer.subject)
    }
    // SAFETY: the certificate is the caller's for the call.
    if let hostName, unsafe !Self.isFor(hostName, pointer) {
      return TLSFault(
        .identityMismatch, "the certificate is not for \(hostName)", subject: peer.subject)
    }
    return nil
  }

  /// RFC 9525 §6: only the subject alternative names count, and a wildcard stands for a whole label.
  @unsafe private static func isFor(_ host: String, _ certificate: OpaquePointer) -> Bool {
    // SAFETY: both are the caller's for the call.
    if IPAddress(host) != nil { return unsafe X509_check_ip_asc(certificate, host, 0) == 1 }
    let flags = UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS)
    return unsafe X509_check_host(certificate, host, host.utf8.count, flags, nil) == 1
  }
}
