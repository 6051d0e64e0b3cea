/// Why a TLS handshake or a record failed. Public only because a class that others derive from names it.
public struct TLSFault: Error, Equatable, Sendable {
  /// The closed list of reasons; the raw value is the label of metrics and logs.
  package enum Reason: String, CaseIterable, Sendable {
    /// The peer was asked for a certificate and has sent none.
    case certificateMissing = "certificate_missing"
    /// Its chain leads to no root of the trust bundle.
    case certificateUntrusted = "certificate_untrusted"
    case certificateExpired = "certificate_expired"
    case certificateNotYetValid = "certificate_not_yet_valid"
    /// It breaks a rule: a bad signature, a wrong purpose, or one of X.509-SVID's.
    case certificateInvalid = "certificate_invalid"
    /// It is valid, and of somebody else than was asked for.
    case identityMismatch = "identity_mismatch"
    /// The first byte is of no TLS record.
    case plaintext
    case noApplicationProtocol = "no_application_protocol"
    case versionUnsupported = "version_unsupported"
    case noSharedCipher = "no_shared_cipher"
    /// The peer has refused us, and its alert says why.
    case alertReceived = "alert_received"
    /// The connection ended in the middle of the handshake.
    case closed
    case timeout
    case protocolError = "protocol_error"
  }

  package var reason: Reason
  /// What OpenSSL or a rule says of it, or what the peer's alert says.
  package var detail: String
  /// The subject of the peer's certificate in RFC 2253's form, where it has sent one.
  package var subject: String?

  package init(_ reason: Reason, _ detail: String = "", subject: String? = nil) {
    self.reason = reason
    self.detail = detail
    self.subject = subject
  }

  /// `certificate_expired: certificate has expired, of CN=legacy`.
  package var text: String {
    var text = reason.rawValue
    if !detail.isEmpty { text += ": \(detail)" }
    if let subject, !subject.isEmpty { text += ", of \(subject)" }
    return text
  }

  /// The peer's certificate, or that there is none, is what failed; not the protocol.
  package var isAboutCertificate: Bool {
    switch reason {
    case .certificateMissing, .certificateUntrusted, .certificateExpired, .certificateNotYetValid,
      .certificateInvalid, .identityMismatch:
      true
    default: false
    }
  }
}
