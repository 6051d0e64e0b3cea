import HTTP1
import HTTPModel
import Primitives
import Reactor
import TLS
import Transport

/// A connection to an endpoint and the state of its HTTP/1.1 codec.
///
/// ```
/// connecting ──(writable, no error)──┬── open ──(checked out and in, many times)── closed
///     │                              └── handshaking ──(done)── open
///     └──(error, deadline)── closed: the receiver learns `connectFailed` ──(failed)┘
/// ```
///
/// Confinement: its loop.
public final class UpstreamConnection: ByteStream {
  /// The receiver's own number for it.
  package let id: UInt32
  /// Who is told while nobody has checked it out: its pool, or a caller of Weir's own.
  private let owner: ConnectionReceiver
  /// Who has checked it out.
  package var borrower: ConnectionReceiver?
  package let bodyLimits: BodyLimits
  package var decoder: ResponseDecoder
  /// It can carry requests: the handshake is done too, where TLS is spoken.
  package private(set) var isConnected = false
  /// There is a TCP connection, on which TLS may not be agreed yet.
  private var isReached = false
  package private(set) var openedAt: Instant
  /// Requests it has carried, this one included.
  package var requestCount: UInt64 = 0
  /// It carries a login, and belongs to one client.
  package var isPrivate = false
  private var attemptTurn: UInt64 = 0
  /// The event that is being told was fetched before this attempt's request was sent: what it
  /// brought answers another request, or none (response-queue poisoning).
  package private(set) var isAnsweredTooEarly = false
  /// Bytes sent before this attempt.
  private var sentBefore: UInt64 = 0

  package init(
    id: UInt32, owner: ConnectionReceiver, loop: EventLoop, limits: HeadLimits,
    bodyLimits: BodyLimits = BodyLimits()
  ) {
    self.id = id
    self.owner = owner
    self.bodyLimits = bodyLimits
    decoder = ResponseDecoder(limits: limits)
    openedAt = loop.now
    super.init(loop: loop, isConnected: false)
  }

  private var receiver: ConnectionReceiver { borrower ?? owner }

  /// Begins to connect; the receiver hears of the end of it, unless this throws.
  /// `security`: TLS is spoken, over blocks of `pool`, and goes on from `resumption` where it can; the
  /// deadline is that of the handshake too.
  package func open(
    to address: SocketAddress, deadline: Instant, _ security: ClientSecurity?,
    resuming resumption: TLSResumption? = nil, pool: BufferPool
  ) throws(Errno) {
    let session = try security.map { security throws(Errno) in
      try security.makeSession(resuming: resumption)
    }
    let descriptor = try loop.kernel.connect(to: address)
    loop.kernel.tune(descriptor)
    do throws(Errno) {
      try loop.add(self, on: descriptor)
    } catch {
      loop.kernel.close(descriptor)
      throw error
    }
    loop.arm(self, at: deadline)
    if let session { secure(by: session, pool: pool) }
  }

  /// An attempt begins: what is sent from here on is its.
  package func beginAttempt() {
    requestCount += 1
    sentBefore = bytesSent
    attemptTurn = loop.turnNumber
    decoder.reset()
  }

  /// The limits on the heads that are read from here on.
  package func adopt(_ limits: HeadLimits) { decoder.limits = limits }

  /// Bytes of this attempt that were given to the kernel.
  package var attemptBytesSent: UInt64 { bytesSent - sentBefore }

  public override func ready(_ readiness: Readiness) {
    note(readiness)
    if !isConnected {
      guard readiness.contains(.writable) || readiness.contains(.broken) else { return }
      if !isReached, let error = loop.kernel.connectFailure(descriptor) {
        fail(Self.failure(of: error))
        return
      }
      isReached = true
      if isSecure, !agrees() { return }
      isConnected = true
      openedAt = loop.now
      loop.disarm(self)
    }
    if isSecure { lookAhead() }
    isAnsweredTooEarly = mayReceive && attemptTurn == loop.turnNumber
    receiver.connectionReady(self)
    isAnsweredTooEarly = false
  }

  /// Its receiver has asked for another turn.
  public override func resume() {
    if isOpen, isConnected { receiver.connectionReady(self) }
  }

  /// Goes on with the handshake; true: it is done.
  private func agrees() -> Bool {
    switch handshake() {
    case .done:
      owner.handshakeEnded(self, nil)
      return true
    case .underWay: return false
    case .failed(let fault):
      owner.handshakeEnded(self, fault)
      fail(Self.failure(of: fault))
      return false
    }
  }

  public override func deadlinePassed() {
    if isConnected {
      receiver.connectionDeadlinePassed(self)
    } else {
      if isReached { owner.handshakeEnded(self, TLSFault(.timeout)) }
      fail(.connectTimeout)
    }
  }

  /// Closes it; `reset` tells the peer that what it sends or sent is not wanted.
  package func close(reset: Bool = false) {
    guard isOpen else { return }
    if isSecure, !reset, isConnected { endSecure() }
    if reset { loop.kernel.resetOnClose(descriptor) }
    loop.close(self)
    borrower = nil
  }

  private func fail(_ failure: FailureKind) {
    let told = receiver
    close()
    told.connectFailed(self, failure)
  }

  private static func failure(of fault: TLSFault) -> FailureKind {
    if fault.isAboutCertificate { return .tlsCertificateError }
    return fault.reason == .alertReceived ? .tlsAlertReceived : .tlsProtocolError
  }

  /// What a connection that did not come about failed of. What this machine lacks or forbids is
  /// nothing that the endpoint did (connect(2)): a breaker that counted it would refuse a service
  /// that is well.
  package static func failure(of error: Errno) -> FailureKind {
    if error.isConnectionRefused { return .connectRefused }
    if error.isDescriptorExhaustion { return .descriptorsExhausted }
    // No port is free towards this destination: EADDRNOTAVAIL.
    if error.isAddressMissing { return .localPortsExhausted }
    if error.isMemoryExhaustion { return .localMemoryExhausted }
    // A local firewall, or the permissions of a Unix-domain socket: EACCES, EPERM.
    if error.isPermissionDenied { return .connectProhibited }
    return error.isTimeout ? .connectTimeout : .connectFailed
  }
}
