import COpenSSL
import Primitives

/// A certificate chain and its private key: what one side of a connection proves itself by.
///
/// Immutable, so any thread may use it; OpenSSL counts references to both atomically.
package final class Credentials: @unchecked Sendable {
  // SAFETY: the certificates and the key are only read after init.
  /// The leaf, then those that lead to a root.
  let chain: [PEM.Certificate]
  let key: PEM.Key
  /// What the leaf says.
  package let leaf: PeerCertificate

  /// `key` is overwritten once it has been read. Errors: either does not parse, or they do not belong
  /// together.
  package init(certificate: [UInt8], key: inout [UInt8]) throws(CredentialFault) {
    do throws(CredentialFault) {
      chain = try PEM.certificates(certificate)
    } catch {
      throw CredentialFault("the certificate file \(error.message)")
    }
    defer { Self.clear(&key) }
    do throws(CredentialFault) {
      self.key = try PEM.key(key)
    } catch {
      throw CredentialFault("the key file \(error.message)")
    }
    leaf = PeerCertificate(chain[0])
    // SAFETY: both are this object's own.
    let matches = unsafe X509_check_private_key(chain[0].pointer, self.key.pointer)
    guard matches == 1 else {
      ERR_clear_error()
      throw CredentialFault(
        "the key does not belong to the certificate; give the key it was made with")
    }
  }

  /// Overwrites a secret in place.
  private static func clear(_ secret: inout [UInt8]) {
    unsafe secret.withUnsafeMutableBytes { bytes in
      // SAFETY: all of the array's own bytes, and no more.
      unsafe OPENSSL_cleanse(bytes.baseAddress, bytes.count)
    }
  }

  /// Errors: it is not valid at `unixSeconds`.
  package func checkDates(unixSeconds: Int64) throws(CredentialFault) {
    if unixSeconds > leaf.notAfter {
      throw CredentialFault(
        "the certificate expired \(unixSeconds - leaf.notAfter) s ago; renew it")
    }
    if unixSeconds < leaf.notBefore {
      throw CredentialFault(
        "the certificate is valid in \(leaf.notBefore - unixSeconds) s only; check the clock")
    }
  }

  /// Errors: the chain leads to no root of `bundle`.
  package func checkChain(to bundle: TrustBundle) throws(CredentialFault) {
    // SAFETY: the list and the verification are ours and freed here; what they refer to outlives them.
    let others = unsafe weir_chain_make()
    let store = unsafe X509_STORE_CTX_new()
    defer {
      unsafe X509_STORE_CTX_free(store)
      unsafe weir_chain_free(others)
    }
    // SAFETY: as above.
    for certificate in chain.dropFirst() { unsafe weir_chain_push(others, certificate.pointer) }
    guard unsafe X509_STORE_CTX_init(store, bundle.store, chain[0].pointer, others) == 1,
      unsafe X509_verify_cert(store) != 1
    else { return }
    let code = unsafe X509_STORE_CTX_get_error(store)
    let text = unsafe String(cString: X509_verify_cert_error_string(Int(code)))
    ERR_clear_error()
    throw CredentialFault(
      "the certificate does not lead to a root of the trust bundle (\(text)); add its issuer to one of them"
    )
  }
}
