import COpenSSL
import Primitives

/// What a certificate says of whoever has it: names, digest and dates.
///
/// Names are taken by their length, so that a NUL inside ends none (CVE-2009-2408); one that has a NUL
/// is no name.
package struct PeerCertificate: Sendable, Equatable {
  /// RFC 2253's form.
  package let subject: String
  package let uris: [String]
  package let hostNames: [String]
  /// SHA-256 of the DER form, 32 bytes.
  package let digest: [UInt8]
  /// Seconds since 1970.
  package let notBefore: Int64
  package let notAfter: Int64
  /// Basic constraints say that it may sign certificates.
  let isAuthority: Bool
  /// The key usage has keyCertSign or cRLSign.
  let maySign: Bool

  init(_ certificate: PEM.Certificate) {
    // SAFETY: the certificate lives through the call.
    unsafe self.init(certificate.pointer)
  }

  /// Precondition: the certificate is the caller's for the call.
  @unsafe init(_ pointer: OpaquePointer) {
    subject = unsafe OpenSSLText.subject(of: pointer)
    let names = unsafe Self.names(of: pointer)
    uris = names.uris
    hostNames = names.hosts
    // SAFETY: the precondition above.
    digest = unsafe Digest.sha256(of: pointer)
    notBefore = unsafe Self.seconds(X509_get0_notBefore(pointer))
    notAfter = unsafe Self.seconds(X509_get0_notAfter(pointer))
    let flags = unsafe X509_get_extension_flags(pointer)
    isAuthority = flags & UInt32(EXFLAG_CA) != 0
    let usage = unsafe X509_get_key_usage(pointer)
    maySign =
      flags & UInt32(EXFLAG_KUSAGE) != 0
      && usage & UInt32(KU_KEY_CERT_SIGN | KU_CRL_SIGN) != 0
  }

  /// The SPIFFE id, where there is one and the rules of X.509-SVID are kept (SPIFFE X.509-SVID §2, §4):
  /// one URI and no more, no authority, no signing of certificates. Errors: a rule is broken.
  package func workloadID() throws(CredentialFault) -> SPIFFEID? {
    guard uris.contains(where: { $0.lowercased().hasPrefix("spiffe:") }) else { return nil }
    guard uris.count == 1 else {
      throw CredentialFault("the certificate has \(uris.count) URI names where an SVID has one")
    }
    guard !isAuthority else { throw CredentialFault("the certificate is an authority's") }
    guard !maySign else {
      throw CredentialFault("the certificate's key usage allows it to sign others")
    }
    guard let id = SPIFFEID(uris[0]) else {
      throw CredentialFault("the certificate's URI is no SPIFFE id")
    }
    return id
  }

  private static func names(of pointer: OpaquePointer) -> (uris: [String], hosts: [String]) {
    guard
      let raw = unsafe X509_get_ext_d2i(pointer, NID_subject_alt_name, nil, nil)
    else { return ([], []) }
    let list = OpaquePointer(raw)
    // SAFETY: the list is ours and freed here; its texts are copied by their length.
    defer { unsafe GENERAL_NAMES_free(list) }
    var uris: [String] = []
    var hosts: [String] = []
    let count = unsafe weir_names_count(list)
    for index in 0..<count {
      var kind: Int32 = 0
      guard let value = unsafe GENERAL_NAME_get0_value(weir_name_at(list, index), &kind),
        kind == GEN_URI || kind == GEN_DNS
      else { continue }
      let text = unsafe Self.text(value.assumingMemoryBound(to: ASN1_STRING.self))
      if kind == GEN_URI { uris.append(text) } else { hosts.append(text) }
    }
    return (uris, hosts)
  }

  @unsafe private static func text(_ value: UnsafePointer<ASN1_STRING>) -> String {
    // SAFETY: the text is the caller's for the call, and as long as it says.
    let count = unsafe Int(ASN1_STRING_length(value))
    guard count > 0, let bytes = unsafe ASN1_STRING_get0_data(value) else { return "" }
    return unsafe String(
      decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
  }

  @unsafe private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64 {
    // SAFETY: the time is the caller's for the call; ours is freed here.
    var days: Int32 = 0
    var rest: Int32 = 0
    let epoch = unsafe ASN1_TIME_set(nil, 0)
    defer { unsafe ASN1_STRING_free(epoch) }
    guard unsafe ASN1_TIME_diff(&days, &rest, epoch, time) == 1 else { return 0 }
    return Int64(days) * 86_400 + Int64(rest)
  }
}
