import Primitives
import Reactor
import TLS

/// TLS between the socket and the buffers.
///
/// ```
/// plain ──(secure)── handshake ──(done)── receive, flush … ──(endSecure: close_notify)── plain
/// ```
///
/// An end of the connection without a close_notify is a broken one (RFC 8446 §6.1): what was received may
/// have been cut by anybody. Plaintext that the session holds counts as receivable. Payload counts as
/// sent once it stands in a record, since a record is not taken back.
extension ByteStream {
  package enum Handshake: Equatable, Sendable {
    case done
    /// More has to come, or to leave.
    case underWay
    case failed(TLSFault)
  }

  /// What was agreed, and with whom; nil: no TLS.
  package final var session: TLSSession? { secure?.session }

  /// Records wait that the kernel has not taken.
  package final var holdsCiphertext: Bool {
    guard let secure else { return false }
    return !secure.output.isEmpty
  }

  /// Speaks TLS from here on: `handshake` is to be called at each event until it is done. `pool`: whose
  /// blocks the ciphertext takes.
  package final func secure(by session: TLSSession, pool: BufferPool) {
    let layer = SecureLayer(session, pool)
    layer.socketMayReceive = mayReceive
    // What came behind a header that stands before TLS.
    if !input.isEmpty { layer.input.take(from: input) }
    secure = layer
  }

  /// Goes on with the handshake as far as it can. An alert has been sent where it fails, as far as the
  /// kernel took it.
  package final func handshake() -> Handshake {
    guard let secure else { preconditionFailure("a handshake on a plain connection") }
    if !secure.input.isEmpty, let fault = judgeFirstByte(secure) { return .failed(fault) }
    while true {
      secure.makeOutput(for: 0)
      let step = secure.session.handshake(secure.input, secure.output)
      let sent = sendCiphertext(secure)
      switch step {
      case .done:
        secure.giveEmpty()
        mayReceive = secure.holdsInput || secure.socketMayReceive
        return .done
      case .wantsRoom:
        if case .blocked = sent { return .underWay }
        if case .failed = sent { return .failed(TLSFault(.closed)) }
      case .ended: return .failed(TLSFault(.closed))
      case .failed(let fault): return .failed(fault)
      case .wantsInput:
        switch fetch(secure) {
        case .bytes: if let fault = judgeFirstByte(secure) { return .failed(fault) }
        case .wouldBlock:
          secure.giveEmpty()
          return .underWay
        case .endOfStream, .failed: return .failed(TLSFault(.closed))
        }
      }
    }
  }

  /// A record begins with its type, and a handshake's is 22 (RFC 8446 §5.1).
  private func judgeFirstByte(_ secure: SecureLayer) -> TLSFault? {
    guard !secure.hasBegun else { return nil }
    secure.hasBegun = true
    let input = secure.input
    let first = input.readable[0]
    // An alert (21) is a peer that gives up at once.
    return first == 22 || first == 21 ? nil : TLSFault(.plaintext)
  }

  /// Goes on without TLS, with what came as the first bytes. Precondition: nothing was sent.
  package final func forgoSecure() {
    guard let secure else { return }
    self.secure = nil
    if secure.input.isEmpty {
      secure.pool.reclaim(from: secure.input)
    } else {
      input.take(from: secure.input)
    }
    secure.pool.reclaim(from: secure.output)
    mayReceive = secure.socketMayReceive
  }

  /// Ends our direction, and says so in TLS where that is spoken; the other direction goes on.
  package final func endSending() {
    if let secure, !isBroken, maySend {
      secure.makeOutput(for: 0)
      secure.session.close(secure.output)
      _ = sendCiphertext(secure)
    }
    kernel.shutdownSend(descriptor)
  }

  /// Says that nothing more comes, and goes on without TLS: what still arrives is ciphertext that nobody
  /// reads.
  package final func endSecure() {
    guard let secure else { return }
    if !isBroken, maySend {
      secure.makeOutput(for: 0)
      secure.session.close(secure.output)
      _ = sendCiphertext(secure)
    }
    self.secure = nil
    secure.pool.reclaim(from: secure.input)
    secure.pool.reclaim(from: secure.output)
    mayReceive = true
  }

  /// Finds out whether what an event told of is payload: tickets and key updates are none (RFC 8446
  /// §4.6). Precondition: the handshake is done.
  package final func lookAhead() {
    guard let secure, mayReceive, !secure.session.holdsPlaintext else { return }
    // A peer that goes on for longer is told as payload, which nobody has asked for.
    for _ in 0..<Self.emptyRoundsMax {
      secure.makeOutput(for: 0)
      switch secure.session.lookAhead(secure.input, secure.output) {
      case .done, .ended, .failed: return
      case .wantsRoom: guard sendCiphertext(secure) == .drained else { return }
      case .wantsInput:
        switch fetch(secure) {
        case .bytes: continue
        case .wouldBlock:
          mayReceive = false
          _ = sendCiphertext(secure)
          secure.giveEmpty()
          return
        case .endOfStream, .failed:
          mayReceive = true
          return
        }
      }
    }
  }

  final func expectCiphertext() { secure?.socketMayReceive = true }

  // MARK: Receiving

  /// Receives in a row that may bring no payload, about a megabyte: tickets and key updates are short, and a
  /// peer that sends nothing else would keep the loop.
  private static let emptyRoundsMax = 64

  @inline(never)
  final func receiveSecured(into buffer: Buffer, upTo room: Int) -> IOResult {
    guard let secure else { return .wouldBlock }
    for _ in 0..<Self.emptyRoundsMax {
      let (count, step) = secure.session.decrypt(
        secure.input, into: buffer, upTo: room, secure.output)
      if count > 0 {
        bytesReceived &+= UInt64(count)
        mayReceive = secure.holdsInput || secure.socketMayReceive || step == .ended
        secure.giveEmpty()
        return .bytes(count)
      }
      switch step {
      case .ended:
        peerEnded = true
        return .endOfStream
      case .wantsInput:
        let result = fetch(secure)
        if case .bytes = result { continue }
        mayReceive = result != .wouldBlock
        secure.giveEmpty()
        return result
      case .wantsRoom:
        secure.makeOutput(for: 0)
        guard sendCiphertext(secure) == .drained else {
          mayReceive = false
          return .wouldBlock
        }
        secure.makeOutput(for: 0)
      case .failed:
        isBroken = true
        return .failed(.connectionReset)
      case .done: preconditionFailure("nothing was wanted")
      }
    }
    isBroken = true
    return .failed(.connectionReset)
  }

  /// Takes ciphertext from the socket. An end is a broken one here: the peer has not said it in TLS.
  private func fetch(_ secure: SecureLayer) -> IOResult {
    guard secure.socketMayReceive else { return .wouldBlock }
    secure.makeInput()
    secure.input.compact()
    let room = secure.input.writableCount
    guard room > 0 else { return .wouldBlock }
    let result = kernel.receive(descriptor, into: secure.input, upTo: room)
    switch result {
    case .bytes(let count):
      if count < room { secure.socketMayReceive = peerEnded || isBroken }
    case .wouldBlock: secure.socketMayReceive = false
    case .endOfStream:
      peerEnded = true
      isBroken = true
      return .failed(.connectionReset)
    case .failed: isBroken = true
    }
    return result
  }

  // MARK: Sending

  @inline(never)
  final func flushSecured(_ buffer: Buffer) -> Flush {
    guard let secure else { return .drained }
    var tookSome = false
    while true {
      switch sendCiphertext(secure) {
      case .drained: break
      case .blocked(let some): return .blocked(tookSome: tookSome || some)
      case .failed(let error): return .failed(error)
      }
      guard !buffer.isEmpty else {
        secure.giveEmpty()
        return .drained
      }
      guard maySend else { return .blocked(tookSome: tookSome) }
      secure.makeOutput(for: buffer.count)
      let (count, _) = secure.session.encrypt(buffer, into: secure.output)
      guard count > 0 else {
        isBroken = true
        return .failed(.connectionReset)
      }
      bytesSent &+= UInt64(count)
      tookSome = true
    }
  }

  private func sendCiphertext(_ secure: SecureLayer) -> Flush {
    secure.output.isEmpty ? .drained : push(secure.output, isPayload: false)
  }
}
