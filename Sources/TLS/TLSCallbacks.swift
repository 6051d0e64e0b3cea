import COpenSSL
import Primitives

/// What OpenSSL calls back for. Each finds its session by the object that was stored with it, reads or
/// writes that, and returns; none calls into the library's handshake.
enum TLSCallbacks {
  // SAFETY, for all of them: the pointers are the library's for the call, and the session, which owns
  // the SSL object that calls, lives.

  static func session(of ssl: OpaquePointer?) -> TLSSession? {
    guard let owner = unsafe SSL_get_ex_data(ssl, 0) else { return nil }
    return unsafe Unmanaged<TLSSession>.fromOpaque(owner).takeUnretainedValue()
  }

  /// Builds the peer's chain, then asks the rules.
  static let verifyPeer: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32 = {
    store, _ in
    let position = SSL_get_ex_data_X509_STORE_CTX_idx()
    guard let raw = unsafe X509_STORE_CTX_get_ex_data(store, position),
      let session = unsafe session(of: OpaquePointer(raw)),
      let leaf = unsafe X509_STORE_CTX_get0_cert(store)
    else { return 0 }
    let peer = unsafe PeerCertificate(leaf)
    guard unsafe X509_verify_cert(store) == 1 else {
      session.refused(peer, unsafe X509_STORE_CTX_get_error(store))
      return 0
    }
    if let fault = unsafe session.context.settings.peer.fault(
      of: leaf, peer, hostName: session.hostName)
    {
      session.refused(fault)
      unsafe X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED)
      return 0
    }
    session.accepted(peer)
    return 1
  }

  /// The first of ours that the client has too; an alert where there is none (RFC 7301 §3.2).
  static let chooseProtocol:
    @convention(c) (
      OpaquePointer?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, UnsafeMutablePointer<UInt8>?,
      UnsafePointer<UInt8>?, UInt32, UnsafeMutableRawPointer?
    ) -> Int32 = { ssl, chosen, length, offered, offeredCount, _ in
      guard let session = unsafe session(of: ssl) else { return SSL_TLSEXT_ERR_ALERT_FATAL }
      var found: UnsafeMutablePointer<UInt8>?
      let result = unsafe session.context.protocolList.withUnsafeBufferPointer { own in
        unsafe SSL_select_next_proto(
          &found, length, own.baseAddress, UInt32(own.count), offered, offeredCount)
      }
      guard result == OPENSSL_NPN_NEGOTIATED else { return SSL_TLSEXT_ERR_ALERT_FATAL }
      unsafe chosen?.pointee = UnsafePointer(found)
      return SSL_TLSEXT_ERR_OK
    }

  // MARK: Bytes

  // SAFETY: made once and then only read.
  nonisolated(unsafe) static let methods: OpaquePointer? = {
    let made = unsafe BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "weir buffers")
    unsafe BIO_meth_set_read(made, read)
    unsafe BIO_meth_set_write(made, write)
    unsafe BIO_meth_set_ctrl(made, control)
    return unsafe made
  }()

  private static let read:
    @convention(c) (OpaquePointer?, UnsafeMutablePointer<CChar>?, Int32) -> Int32 = {
      bio, target, count in
      guard let session = unsafe session(behind: bio), let target = unsafe target else { return -1 }
      unsafe weir_bio_wants_nothing(bio)
      let taken = unsafe session.take(
        UnsafeMutableRawBufferPointer(start: target, count: Int(count)))
      guard taken > 0 else {
        unsafe weir_bio_wants_read(bio)
        return -1
      }
      return Int32(taken)
    }

  private static let write: @convention(c) (OpaquePointer?, UnsafePointer<CChar>?, Int32) -> Int32 =
    { bio, source, count in
      guard let session = unsafe session(behind: bio), let source = unsafe source else { return -1 }
      unsafe weir_bio_wants_nothing(bio)
      let put = unsafe session.put(UnsafeRawBufferPointer(start: source, count: Int(count)))
      guard put > 0 else {
        unsafe weir_bio_wants_write(bio)
        return -1
      }
      return Int32(put)
    }

  private static let control:
    @convention(c) (OpaquePointer?, Int32, Int, UnsafeMutableRawPointer?) -> Int = {
      _, command, _, _ in command == weir_bio_flush_command() ? 1 : 0
    }

  private static func session(behind bio: OpaquePointer?) -> TLSSession? {
    guard let owner = unsafe BIO_get_data(bio) else { return nil }
    return unsafe Unmanaged<TLSSession>.fromOpaque(owner).takeUnretainedValue()
  }
}
