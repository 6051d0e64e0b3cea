import COpenSSL

/// The roots that peers are verified by.
///
/// Immutable, so any thread may use it.
@safe package final class TrustBundle: @unchecked Sendable {
  // SAFETY: filled in init, then only read; OpenSSL locks its own caches in it. Freed in deinit.
  let store: OpaquePointer
  let roots: [PEM.Certificate]
  /// What tells two bundles apart: a digest of the file, or the word `system`.
  package let fingerprint: [UInt8]

  /// Errors: a block does not parse, or there is none. Then nothing of it is used.
  package init(_ text: [UInt8]) throws(CredentialFault) {
    let roots: [PEM.Certificate]
    do throws(CredentialFault) {
      roots = try PEM.certificates(text)
    } catch {
      throw CredentialFault("the trust bundle \(error.message)")
    }
    guard let store = unsafe X509_STORE_new() else { throw CredentialFault("there is no memory") }
    for root in roots { _ = unsafe X509_STORE_add_cert(store, root.pointer) }
    unsafe self.store = store
    self.roots = roots
    fingerprint = Digest.sha256(text)
  }

  /// The roots of the system (`/etc/ssl/certs`, or where SSL_CERT_FILE and SSL_CERT_DIR say).
  package init(system: Void) throws(CredentialFault) {
    guard let store = unsafe X509_STORE_new() else { throw CredentialFault("there is no memory") }
    guard unsafe X509_STORE_set_default_paths(store) == 1 else {
      unsafe X509_STORE_free(store)
      throw CredentialFault("the system's roots cannot be loaded (\(OpenSSLText.takeError()))")
    }
    unsafe self.store = store
    roots = []
    fingerprint = Array("system".utf8)
  }

  deinit { unsafe X509_STORE_free(store) }
}
