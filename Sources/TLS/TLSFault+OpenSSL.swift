import COpenSSL

extension TLSFault {
  /// By OpenSSL's error code.
  init(openSSL code: UInt) {
    let number = weir_error_reason(code)
    let text = OpenSSLText.reason(code)
    let reason: Reason
    switch number {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: reason = .certificateMissing
    case SSL_R_CERTIFICATE_VERIFY_FAILED: reason = .certificateInvalid
    case SSL_R_NO_APPLICATION_PROTOCOL: reason = .noApplicationProtocol
    case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_WRONG_SSL_VERSION, SSL_R_NO_PROTOCOLS_AVAILABLE:
      reason = .versionUnsupported
    case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_SUITABLE_KEY_SHARE,
      SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, SSL_R_NO_SHARED_GROUPS:
      reason = .noSharedCipher
    case SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST, SSL_R_WRONG_VERSION_NUMBER:
      reason = .plaintext
    // The peer's alert, of whichever kind (SSL_AD_REASON_OFFSET).
    case SSL_AD_REASON_OFFSET..<(SSL_AD_REASON_OFFSET + 256): reason = .alertReceived
    default: reason = .protocolError
    }
    self.init(reason, text)
  }
}

extension TLSFault.Reason {
  /// By the error of X509_verify_cert(3).
  init(verification error: Int32) {
    switch error {
    case X509_V_ERR_CERT_HAS_EXPIRED: self = .certificateExpired
    case X509_V_ERR_CERT_NOT_YET_VALID: self = .certificateNotYetValid
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
      X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
      X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_CERT_UNTRUSTED,
      X509_V_ERR_CERT_SIGNATURE_FAILURE:
      self = .certificateUntrusted
    default: self = .certificateInvalid
    }
  }
}
