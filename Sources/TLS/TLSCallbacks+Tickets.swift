import COpenSSL
import Primitives

extension TLSCallbacks {
  /// SSL_CTX_set_tlsext_ticket_key_evp_cb(3): names the key that seals a ticket, or finds the one that
  /// opens it. 0: no ticket, a full handshake; 2: opened, and to be made anew.
  static let sealTicket:
    @convention(c) (
      OpaquePointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt8>?, OpaquePointer?,
      OpaquePointer?, Int32
    ) -> Int32 = { ssl, name, vector, cipher, mac, seals in
      guard let keys = unsafe session(of: ssl)?.context.tickets, let name = unsafe name,
        let vector = unsafe vector
      else { return 0 }
      // SAFETY: by its manual the name has 16 bytes and the vector EVP_MAX_IV_LENGTH.
      let nameBytes = unsafe UnsafeMutableBufferPointer(start: name, count: 16)
      if seals == 1 {
        guard let key = keys.sealing(), unsafe RAND_bytes(vector, 16) == 1 else { return 0 }
        for (index, byte) in key.name.enumerated() { unsafe nameBytes[index] = byte }
        return unsafe start(key, vector, cipher, mac, seals: true) ? 1 : 0
      }
      guard let found = unsafe keys.opening(Array(nameBytes)),
        unsafe start(found.key, vector, cipher, mac, seals: false)
      else { return 0 }
      return found.isNewest ? 1 : 2
    }

  private static func start(
    _ key: TicketKeys.Key, _ vector: UnsafeMutablePointer<UInt8>, _ cipher: OpaquePointer?,
    _ mac: OpaquePointer?, seals: Bool
  ) -> Bool {
    // SAFETY: the keys have the lengths that the algorithms take, and are copied.
    let hasCipher = unsafe key.cipher.withUnsafeBufferPointer { secret in
      unsafe EVP_CipherInit_ex(
        cipher, EVP_aes_256_cbc(), nil, secret.baseAddress, vector, seals ? 1 : 0) == 1
    }
    guard hasCipher else { return false }
    return unsafe key.mac.withUnsafeBufferPointer { secret in
      unsafe weir_ticket_mac(mac, secret.baseAddress, secret.count) == 1
    }
  }
}
