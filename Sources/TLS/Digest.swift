import COpenSSL

/// Digests, by OpenSSL.
enum Digest {
  /// 32 bytes.
  static func sha256(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    unsafe bytes.withUnsafeBytes { source in
      unsafe digest.withUnsafeMutableBytes { target in
        // SAFETY: the digest of SHA-256 takes 32 bytes, as `target` has.
        _ = unsafe EVP_Digest(
          source.baseAddress, source.count, target.baseAddress, nil, EVP_sha256(), nil)
      }
    }
    return digest
  }

  /// The SHA-256 of a certificate's DER form.
  static func sha256(of certificate: OpaquePointer) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    unsafe digest.withUnsafeMutableBufferPointer { target in
      // SAFETY: as above.
      _ = unsafe X509_digest(certificate, EVP_sha256(), target.baseAddress, nil)
    }
    return digest
  }
}
