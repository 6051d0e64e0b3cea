import COpenSSL
import Primitives

/// TLS on one connection: ciphertext in, plaintext out, and the other way; no socket.
///
/// ```
/// handshaking ──(done)── established ──(close_notify)── ended
///      └──(failed: the alert is in `output`)── failed
/// ```
///
/// The caller lends the buffers of each call. Confinement: its connection's loop. Memory: about 25 KB
/// by OpenSSL's own count while a handshake is under way; the record buffers go back when they are
/// empty (SSL_MODE_RELEASE_BUFFERS).
@safe package final class TLSSession {
  /// What became of a call.
  package enum Step: Equatable, Sendable {
    case done
    /// All that came was used, and more has to.
    case wantsInput
    /// `output` is full, or has no block.
    case wantsRoom
    /// The peer has said that nothing more comes.
    case ended
    case failed(TLSFault)
  }

  package let context: TLSContext
  /// Whom the certificate must be for, beside what the context asks; nil: that is not asked.
  let hostName: String?
  // SAFETY: ours from init to deinit; its BIO and its extra data point back here, and are not used
  // after it is freed.
  private let ssl: OpaquePointer
  private var input: Buffer?
  private var output: Buffer?
  /// Whom the rules were asked about in this handshake.
  private var judged: PeerCertificate?
  /// What the rules, or the building of the chain, have against the peer.
  private var refusal: TLSFault?
  /// Why nothing more can be read or written.
  package private(set) var failure: TLSFault?
  package private(set) var isEstablished = false

  /// One record carries so much at most (RFC 8446 §5.1).
  package static let recordBytesMax = 16_384
  /// What a record adds at most: header, nonce, tag and content type.
  package static let recordOverheadMax = 64

  /// `host`: the name of the endpoint that is called, where it has one and the context names nobody.
  /// `resuming`: what an earlier connection to the same peer has left. Errors: there is no memory.
  package init(
    _ context: TLSContext, host: String? = nil, resuming: TLSResumption? = nil
  ) throws(CredentialFault) {
    self.context = context
    let peer = context.settings.peer
    hostName = peer.hostName ?? (peer.workloads.isEmpty ? host : nil)
    guard let made = unsafe SSL_new(context.pointer), let bio = unsafe BIO_new(TLSCallbacks.methods)
    else { throw CredentialFault("there is no memory for a TLS session") }
    unsafe ssl = made
    let own = unsafe Unmanaged.passUnretained(self).toOpaque()
    unsafe BIO_set_data(bio, own)
    unsafe BIO_set_init(bio, 1)
    // The SSL object owns the BIO from here on.
    unsafe SSL_set_bio(ssl, bio, bio)
    unsafe SSL_set_ex_data(ssl, 0, own)
    if context.settings.role == .server {
      unsafe SSL_set_accept_state(ssl)
    } else {
      unsafe SSL_set_connect_state(ssl)
      // SNI has no addresses (RFC 6066 §3).
      if let name = peer.hostName ?? host, IPAddress(name) == nil {
        _ = unsafe weir_ssl_set_server_name(ssl, name)
      }
      if let resuming { _ = unsafe SSL_set_session(ssl, resuming.pointer) }
    }
  }

  deinit { unsafe SSL_free(ssl) }

  // MARK: Handshake

  /// Goes on with the handshake as far as `input` reaches. What is to be sent is put into `output`, an
  /// alert too where it fails.
  package func handshake(_ input: Buffer, _ output: Buffer) -> Step {
    lend(input, output)
    defer { takeBack() }
    ERR_clear_error()
    let result = unsafe SSL_do_handshake(ssl)
    if result == 1 {
      isEstablished = true
      return .done
    }
    return step(after: result)
  }

  // MARK: Records

  /// Decrypts from `input` into `plain`, at most `most` bytes, and how many it was; 0: `step` says
  /// why. What a key update answers goes into `output`.
  package func decrypt(
    _ input: Buffer, into plain: Buffer, upTo most: Int, _ output: Buffer
  ) -> (bytes: Int, step: Step) {
    if let failure { return (0, .failed(failure)) }
    lend(input, output)
    defer { takeBack() }
    var total = 0
    while total < most {
      forgetErrors()
      let got = unsafe plain.fill(upTo: most - total) { space in
        // SAFETY: `space` is the buffer's own.
        Int(unsafe SSL_read(ssl, space.baseAddress, Int32(clamping: space.count)))
      }
      guard got > 0 else { return (total, step(after: Int32(got))) }
      total += got
      // Asking once more would cost as much as a short record and find nothing.
      if input.isEmpty, !holdsPlaintext { break }
    }
    return (total, .done)
  }

  /// Takes records in until one carries payload, which stays inside. `done`: one does.
  package func lookAhead(_ input: Buffer, _ output: Buffer) -> Step {
    if let failure { return .failed(failure) }
    lend(input, output)
    defer { takeBack() }
    forgetErrors()
    var byte: UInt8 = 0
    // SAFETY: room for the one byte.
    let got = unsafe SSL_peek(ssl, &byte, 1)
    return got > 0 ? .done : step(after: got)
  }

  /// Encrypts what `plain` holds into `output`, as much as there is room for, and consumes it; how many
  /// bytes it was.
  package func encrypt(_ plain: Buffer, into output: Buffer) -> (bytes: Int, step: Step) {
    if let failure { return (0, .failed(failure)) }
    lend(nil, output)
    defer { takeBack() }
    var total = 0
    while !plain.isEmpty {
      let room = output.writableCount - Self.recordOverheadMax
      let count = min(plain.count, room, Self.recordBytesMax)
      guard count > 0 else { return (total, .wantsRoom) }
      forgetErrors()
      let taken = unsafe plain.drain { bytes in
        // SAFETY: `count` of the buffer's readable bytes.
        Int(unsafe SSL_write(ssl, bytes.baseAddress, Int32(clamping: count)))
      }
      guard taken > 0 else { return (total, step(after: Int32(taken))) }
      plain.consume(taken)
      total += taken
    }
    return (total, .done)
  }

  /// Decrypted bytes, or some of a record, wait inside.
  package var holdsPlaintext: Bool { unsafe SSL_pending(ssl) > 0 }

  /// Puts a close_notify into `output`, once.
  package func close(_ output: Buffer) {
    guard isEstablished, failure == nil else { return }
    lend(nil, output)
    defer { takeBack() }
    ERR_clear_error()
    _ = unsafe SSL_shutdown(ssl)
    ERR_clear_error()
  }

  /// Offers these in place of those of the context. Call before the handshake.
  package func offer(_ protocols: [ApplicationProtocol]) {
    let list = ApplicationProtocol.wire(protocols)
    _ = unsafe list.withUnsafeBufferPointer { bytes in
      // SAFETY: copied by the library.
      unsafe SSL_set_alpn_protos(ssl, bytes.baseAddress, UInt32(bytes.count))
    }
  }

  // MARK: What was agreed

  package var applicationProtocol: ApplicationProtocol? {
    var name: UnsafePointer<UInt8>?
    var count: UInt32 = 0
    unsafe SSL_get0_alpn_selected(ssl, &name, &count)
    guard let name = unsafe name else { return nil }
    let bytes = unsafe UnsafeBufferPointer(start: name, count: Int(count))
    return unsafe ApplicationProtocol(rawValue: String(decoding: bytes, as: UTF8.self))
  }

  /// `TLSv1.3`.
  package var version: String { unsafe String(cString: SSL_get_version(ssl)) }

  package var isResumed: Bool { unsafe SSL_session_reused(ssl) == 1 }

  /// The peer's certificate, verified; nil: it has shown none.
  package var peer: PeerCertificate? {
    guard isEstablished else { return nil }
    if let judged { return judged }
    // A resumed session brings it along.
    guard let leaf = unsafe SSL_get0_peer_certificate(ssl) else { return nil }
    return unsafe PeerCertificate(leaf)
  }

  /// What the next connection to the same peer may begin with; nil: nothing yet.
  package var resumption: TLSResumption? {
    guard let session = unsafe SSL_get1_session(ssl) else { return nil }
    let kept = unsafe TLSResumption(taking: session)
    return kept.isUsable ? kept : nil
  }

  // MARK: Called back

  /// Moves ciphertext that came into `target`.
  func take(_ target: UnsafeMutableRawBufferPointer) -> Int {
    guard let input, !input.isEmpty else { return 0 }
    let count = min(input.count, target.count)
    _ = unsafe input.drain { bytes in
      // SAFETY: `count` is within both.
      unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
      return count
    }
    input.consume(count)
    return count
  }

  /// Appends ciphertext that is to be sent, as much as there is room for.
  func put(_ source: UnsafeRawBufferPointer) -> Int {
    guard let output else { return 0 }
    let count = min(output.writableCount, source.count)
    guard count > 0 else { return 0 }
    return unsafe output.fill(upTo: count) { space in
      // SAFETY: `count` is within both.
      unsafe space.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<count]))
      return count
    }
  }

  func accepted(_ peer: PeerCertificate) { judged = peer }

  func refused(_ fault: TLSFault) { refusal = fault }

  func refused(_ peer: PeerCertificate, _ error: Int32) {
    refusal = TLSFault(
      TLSFault.Reason(verification: error),
      unsafe String(cString: X509_verify_cert_error_string(Int(error))), subject: peer.subject)
  }

  // MARK: Inside

  /// An error of an earlier call would be taken for one of the next (SSL_get_error(3)). There is hardly ever
  /// one, and clearing the empty queue costs three hundred instructions.
  private func forgetErrors() {
    if ERR_peek_error() != 0 { ERR_clear_error() }
  }

  private func lend(_ input: Buffer?, _ output: Buffer) {
    self.input = input
    self.output = output
  }

  private func takeBack() {
    input = nil
    output = nil
  }

  private func step(after result: Int32) -> Step {
    switch unsafe SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ: return .wantsInput
    case SSL_ERROR_WANT_WRITE: return .wantsRoom
    case SSL_ERROR_ZERO_RETURN: return .ended
    default:
      let code = ERR_peek_error()
      ERR_clear_error()
      let fault = refusal ?? TLSFault(openSSL: code)
      failure = fault
      return .failed(fault)
    }
  }
}
