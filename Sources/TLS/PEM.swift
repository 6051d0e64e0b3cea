import COpenSSL

/// Certificates and keys out of PEM (RFC 7468).
enum PEM {
  /// A certificate; freed with the object.
  @safe final class Certificate {
    // SAFETY: this object's own reference, freed in deinit.
    let pointer: OpaquePointer

    /// Takes over a reference.
    init(taking pointer: OpaquePointer) {
      unsafe self.pointer = pointer
    }

    deinit { unsafe X509_free(pointer) }
  }

  /// A private key; freed, and overwritten by that, with the object.
  @safe final class Key {
    // SAFETY: this object's own reference, freed in deinit.
    let pointer: OpaquePointer

    init(taking pointer: OpaquePointer) {
      unsafe self.pointer = pointer
    }

    deinit { unsafe EVP_PKEY_free(pointer) }
  }

  /// All certificates of `text`, in their order. Errors: there is none, or one does not parse.
  static func certificates(_ text: [UInt8]) throws(CredentialFault) -> [Certificate] {
    var found: [Certificate] = []
    var fault: CredentialFault?
    unsafe reading(text) { source in
      while true {
        ERR_clear_error()
        if let next = unsafe PEM_read_bio_X509(source, nil, refusePassword, nil) {
          unsafe found.append(Certificate(taking: next))
          continue
        }
        let code = ERR_peek_last_error()
        // What ends every file: no further line begins a block.
        let isEnd = weir_is_pem_end(code) != 0
        if !isEnd {
          fault = CredentialFault(
            "holds a certificate that does not parse (\(OpenSSLText.reason(code)))")
        }
        ERR_clear_error()
        return
      }
    }
    if let fault { throw fault }
    if found.isEmpty { throw CredentialFault("holds no certificate in PEM") }
    return found
  }

  static func key(_ text: [UInt8]) throws(CredentialFault) -> Key {
    var key: Key?
    unsafe reading(text) { source in
      ERR_clear_error()
      if let read = unsafe PEM_read_bio_PrivateKey(source, nil, refusePassword, nil) {
        unsafe key = Key(taking: read)
      }
    }
    guard let key else {
      throw CredentialFault(
        "holds no private key in PEM without a password (\(OpenSSLText.takeError()))")
    }
    return key
  }

  private static func reading(_ text: [UInt8], _ read: (OpaquePointer) -> Void) {
    unsafe text.withUnsafeBytes { bytes in
      // SAFETY: the BIO reads the bytes, which outlive it, and is freed here.
      guard let source = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count))
      else { return }
      unsafe read(source)
      unsafe BIO_free(source)
    }
  }

  /// Nobody is there to type one; without this OpenSSL asks the terminal.
  private static let refusePassword:
    @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 =
      { _, _, _, _ in -1 }
}
