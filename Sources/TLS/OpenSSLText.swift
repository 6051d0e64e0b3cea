import COpenSSL

/// Texts out of OpenSSL.
enum OpenSSLText {
  /// The reason of the newest error of this thread, which is then forgotten with all before it.
  static func takeError() -> String {
    let code = ERR_peek_last_error()
    ERR_clear_error()
    return code == 0 ? "no reason is given" : reason(code)
  }

  static func reason(_ code: UInt) -> String {
    // SAFETY: a static text of the library, or none.
    guard let text = unsafe ERR_reason_error_string(code) else { return "error \(code)" }
    return unsafe String(cString: text)
  }

  /// The subject in RFC 2253's form, at most 256 bytes of it, which is what logs carry.
  static func subject(of certificate: OpaquePointer) -> String {
    // SAFETY: the certificate is the caller's for the call; the BIO is freed here.
    guard let out = unsafe BIO_new(BIO_s_mem()) else { return "" }
    defer { unsafe BIO_free(out) }
    let name = unsafe X509_get_subject_name(certificate)
    guard unsafe X509_NAME_print_ex(out, name, 0, weir_name_flags()) >= 0 else { return "" }
    var text = [UInt8](repeating: 0, count: 256)
    let count = unsafe text.withUnsafeMutableBytes { bytes in
      unsafe BIO_read(out, bytes.baseAddress, Int32(bytes.count))
    }
    guard count > 0 else { return "" }
    return String(decoding: text.prefix(Int(count)), as: UTF8.self)
  }
}
