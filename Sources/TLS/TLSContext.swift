import COpenSSL
import Primitives

/// What all connections of a listener, or to an upstream, share of TLS: versions, ciphers, credentials,
/// trust and what is asked of the peer.
///
/// Immutable: a changed certificate makes another one, and connections that began with this one keep
/// it. Any thread may make sessions of it; OpenSSL locks what it caches inside. Cost of making one:
/// about 0.1 ms, never on a worker.
@safe package final class TLSContext: @unchecked Sendable {
  package enum Role: Sendable {
    case server, client
  }

  package enum Version: String, Sendable, CaseIterable {
    case v12 = "1.2"
    case v13 = "1.3"

    var number: Int32 { self == .v12 ? TLS1_2_VERSION : TLS1_3_VERSION }
  }

  package struct Settings: Sendable {
    package var role: Role
    package var peer: PeerRules
    package var minimumVersion = Version.v13
    /// In the order in which they are wanted; empty: none is spoken of.
    package var protocols: [ApplicationProtocol] = [.http1]

    package init(role: Role, peer: PeerRules) {
      self.role = role
      self.peer = peer
    }
  }

  package let settings: Settings
  package let credentials: Credentials?
  let bundle: TrustBundle?
  /// The keys that session tickets are sealed with; nil at a client.
  let tickets: TicketKeys?
  // SAFETY: ours until deinit; filled in init, then only given to calls that lock by themselves.
  let pointer: OpaquePointer
  /// A server's protocols in the extension's form. The callback reads them while this object lives.
  let protocolList: [UInt8]

  /// Forward secrecy and authenticated encryption (RFC 9325 §4.2). TLS 1.3 has nothing else.
  private static let ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20"
  private static let groups = "X25519:P-256:P-384"

  /// Errors: OpenSSL refuses something of it, in a sentence.
  package init(
    _ settings: Settings, credentials: Credentials?, bundle: TrustBundle?,
    tickets: TicketKeys? = nil
  ) throws(CredentialFault) {
    self.settings = settings
    self.credentials = credentials
    self.bundle = bundle
    self.tickets = tickets
    protocolList = ApplicationProtocol.wire(settings.protocols)
    let isServer = settings.role == .server
    guard let made = unsafe SSL_CTX_new(isServer ? TLS_server_method() : TLS_client_method()) else {
      throw CredentialFault("TLS cannot be set up (\(OpenSSLText.takeError()))")
    }
    unsafe pointer = made
    try setUp()
    if isServer { setUpServer() } else { setUpClient() }
  }

  deinit { unsafe SSL_CTX_free(pointer) }

  private func setUp() throws(CredentialFault) {
    // SAFETY: the context is ours, and what is handed over is counted or copied by the library.
    unsafe weir_ssl_harden(pointer)
    unsafe weir_ssl_set_mode(
      pointer,
      Int(
        SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
          | SSL_MODE_RELEASE_BUFFERS))
    guard unsafe weir_ssl_set_min_version(pointer, settings.minimumVersion.number) == 1,
      unsafe SSL_CTX_set_cipher_list(pointer, Self.ciphers) == 1,
      unsafe weir_ssl_set_groups(pointer, Self.groups) == 1
    else { throw CredentialFault("TLS cannot be set up (\(OpenSSLText.takeError()))") }
    if let credentials { try use(credentials) }
    if let bundle {
      // Counts a reference of its own.
      unsafe SSL_CTX_set1_cert_store(pointer, bundle.store)
    }
    guard settings.peer.certificate != .none else { return }
    var mode = SSL_VERIFY_PEER
    if settings.peer.certificate == .required { mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT }
    unsafe SSL_CTX_set_verify(pointer, mode, nil)
    unsafe SSL_CTX_set_cert_verify_callback(pointer, TLSCallbacks.verifyPeer, nil)
  }

  private func use(_ credentials: Credentials) throws(CredentialFault) {
    guard unsafe SSL_CTX_use_certificate(pointer, credentials.chain[0].pointer) == 1,
      unsafe SSL_CTX_use_PrivateKey(pointer, credentials.key.pointer) == 1
    else {
      throw CredentialFault("the certificate cannot be used (\(OpenSSLText.takeError()))")
    }
    for certificate in credentials.chain.dropFirst() {
      guard unsafe weir_ssl_add_chain(pointer, certificate.pointer) == 1 else {
        throw CredentialFault("the chain cannot be used (\(OpenSSLText.takeError()))")
      }
    }
  }

  private func setUpServer() {
    // A session of one trust is not resumed under another: it carries what was verified then.
    let digest = Digest.sha256(
      (bundle?.fingerprint ?? []) + Array(settings.peer.certificate.rawValue.utf8)
        + settings.peer.workloads.flatMap { Array($0.text.utf8) + [0] })
    _ = unsafe digest.withUnsafeBufferPointer { bytes in
      // SAFETY: 32 bytes, the most that a session id context may have; copied.
      unsafe SSL_CTX_set_session_id_context(pointer, bytes.baseAddress, UInt32(bytes.count))
    }
    // Sessions are in the tickets, nothing is kept here.
    unsafe weir_ssl_set_cache(pointer, Int(SSL_SESS_CACHE_OFF))
    if tickets != nil {
      _ = unsafe weir_ssl_on_ticket(pointer, TLSCallbacks.sealTicket)
    }
    if !settings.protocols.isEmpty {
      unsafe SSL_CTX_set_alpn_select_cb(pointer, TLSCallbacks.chooseProtocol, nil)
    }
    if let bundle {
      for root in bundle.roots { _ = unsafe SSL_CTX_add_client_CA(pointer, root.pointer) }
    }
  }

  private func setUpClient() {
    unsafe weir_ssl_set_cache(
      pointer, Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL))
    guard !protocolList.isEmpty else { return }
    _ = unsafe protocolList.withUnsafeBufferPointer { bytes in
      // SAFETY: copied by the library.
      unsafe SSL_CTX_set_alpn_protos(pointer, bytes.baseAddress, UInt32(bytes.count))
    }
  }
}
