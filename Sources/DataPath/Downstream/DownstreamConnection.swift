import Primitives
import Reactor
import TLS
import Transport
import Upstreams

/// A client's connection: the socket, and which request on it is being served.
///
/// ```
/// header (of the PROXY protocol, where it is asked for) ──(whole)── handshake or what follows it
/// handshake (where TLS is spoken) ──(done)── idle │ HTTP/2 │ tunnel (on a listener of TCP) ── closed
/// idle ──(bytes)── exchange ──(answered)── idle …
///   │                  ├──(the preface of HTTP/2)── HTTP/2: streams in a carrier ── lingering
///   │                  └──(answered, no more wanted)── lingering ── closed
///   └──(idle timeout, end, drain, room for another)── closed
/// ```
///
/// While idle it holds no buffer. Requests are served one at a time in order, so pipelined ones
/// wait in the socket or behind the current one. Confinement: the worker's loop.
package final class DownstreamConnection: ByteStream {
  /// How long bytes of a client that was told off are read and dropped, so that the answer is not
  /// lost to a reset (RFC 9112 §9.6). Linux sends what is lost again after 0.2, 0.6 and 1.4 s and
  /// more: three losses in a row. nginx's `lingering_timeout` is 5 s, for which it holds a place.
  private static let lingerTime = Duration.seconds(2)
  /// The same for one that was refused a place: it holds one of a few.
  private static let refusedLingerTime = Duration.seconds(1)

  /// How long an idle connection is kept once the listeners are closed: as long as a request may be
  /// on its way to it, lost once and sent again (RFC 6298 §2: 1 s at most with a round trip known).
  private static let drainGraceNanoseconds: Int64 = 1_000_000_000

  let worker: Worker
  private let pool: BufferPool
  let listener: Listener
  /// Who is connected, or who the balancer in front says is.
  private(set) var peer: SocketAddress?
  /// `192.0.2.1`, or `unix`; made at the first request.
  private(set) lazy var peerText: [UInt8] = Array((peer?.ip.map { "\($0)" } ?? "unix").utf8)
  private var judgedBy: ProxySettings?
  private var isTrustedByThose = false
  /// Position among the worker's connections.
  var position = -1
  var requestCount: UInt64 = 0
  /// Whose descriptor it has: `clients`, or `refused`.
  private let use: DescriptorBudget.Use
  /// The request that is under way, in HTTP/1.
  private var stream: HTTP1DownstreamStream?
  /// Those of an HTTP/2 connection.
  private var carrier: HTTP2Carrier?
  /// What carries its bytes, on a listener of TCP.
  private var tunnel: TCPTunnel?
  private(set) var isLingering = false
  /// What TLS has told of the client; nil: it came in plaintext, or its handshake is not done.
  var securedPeer: SecuredPeer?
  /// The header of the PROXY protocol has not come yet.
  var awaitsProxyHeader = false
  /// TLS is being agreed.
  var isSecuring = false
  /// Connections to endpoints that carry a login of this client; of most there are none.
  var privates: [PrivateConnection] = [] {
    didSet { hasPrivates = !privates.isEmpty }
  }
  /// Asked several times a request, and one load.
  private(set) var hasPrivates = false
  /// It has been idle for too long, and is closed unless a request is there.
  private var isExpired = false

  init(worker: Worker, listener: Listener, peer: SocketAddress?, use: DescriptorBudget.Use) {
    self.worker = worker
    self.use = use
    pool = worker.pool
    self.listener = listener
    self.peer = peer
    super.init(loop: worker.loop, isConnected: true)
  }

  /// Whether the client's forwarded fields and ids are believed; judged anew after a reload.
  func isTrusted(by settings: ProxySettings) -> Bool {
    if judgedBy !== settings {
      judgedBy = settings
      isTrustedByThose = settings.trusts(peer) || settings.trusts(securedPeer?.identity)
    }
    return isTrustedByThose
  }

  /// What the client's requests were sent by.
  var scheme: StaticString { isSecure ? "https" : "http" }

  var settings: ListenerSettings { listener.current.settings }

  /// The client is to go elsewhere, and is told so with its next answer: the process drains, the
  /// listener is gone, or a login has ended.
  @inline(__always)
  var isDraining: Bool { worker.isDraining || listener.isStopping || hasLostLogin }

  /// A connection that carried a login of this client is gone.
  @inline(__always)
  private var hasLostLogin: Bool { hasPrivates && losesPrivate }
  private var losesPrivate: Bool { privates.contains { !$0.stream.connection.isOpen } }

  /// How long it may stay without a request. A listener that is gone closes it after the time that
  /// clients have when the process drains: the delay, and the grace behind it.
  private var idleNanoseconds: Int64 {
    let idle = settings.idleNanoseconds
    guard isDraining else { return idle }
    if worker.isClosing { return min(idle, Self.drainGraceNanoseconds) }
    guard listener.isStopping else { return idle }
    return min(idle, worker.snapshot.settings.drainDelayNanoseconds + Self.drainGraceNanoseconds)
  }

  /// How long it has been without a request; nil: it has one, or is about to close.
  func idleNanoseconds(at now: Instant) -> Int64? {
    guard stream == nil, tunnel == nil, !isLingering, input.isEmpty, carrier?.isIdle != false,
      let end = loop.deadline(of: self)
    else {
      return nil
    }
    return settings.idleNanoseconds - end.nanoseconds(since: now)
  }

  func start() {
    if settings.takesProxyHeader { awaitProxyHeader() } else { startBehindHeader() }
  }

  /// The header of a balancer says so; before anything else has been asked of it.
  func isFrom(_ source: SocketAddress) { peer = source }

  func startBehindHeader() {
    if let tls = settings.tls { return startSecuring(tls) }
    if isOfTCP { return beginTunnel() }
    idleBegins()
  }

  /// It serves no request, and is closed if none comes.
  func idleBegins() {
    loop.arm(self, at: loop.now.advanced(byNanoseconds: idleNanoseconds))
  }

  /// Answers at once with `failure` and closes; for a connection above the limit.
  func refuse(_ failure: FailureKind) {
    // An answer would need a handshake first, which costs what there is no room for.
    guard settings.tls == nil, !isOfTCP else { return close(reset: true) }
    guard pool.lend(to: output) else { return close() }
    HTTP1DownstreamStream.appendRefusal(failure, to: output)
    _ = flush()
    linger()
  }

  package override func ready(_ readiness: Readiness) {
    note(readiness)
    proceed()
  }

  package override func resume() { proceed() }

  package override func deadlinePassed() {
    // A request has clocks of its own.
    guard stream == nil else { return }
    if let tunnel { return tunnel.deadlinePassed() }
    if isLingering { return close() }
    if awaitsProxyHeader { return refuseHeader(.timeout) }
    if isSecuring { return securingFailed(TLSFault(.timeout)) }
    if let carrier { carrier.endIdle() } else { closeUnlessAsked() }
  }

  /// Closes it while it is idle, unless a request is in the socket whose event is not among those of
  /// this turn.
  func closeUnlessAsked() {
    // It is nobody yet, and has asked for nothing.
    if isSecuring || awaitsProxyHeader { return close() }
    if let carrier {
      carrier.endIdle()
      // Its place is wanted now.
      if carrier.isIdle { close() }
      return
    }
    isExpired = true
    expectBytes()
    beginExchange()
    isExpired = false
  }

  func beginHTTP2() { carrier = HTTP2Carrier(self) }

  /// Its bytes go on as they come.
  var isOfTCP: Bool { settings.tunnelTarget != nil }

  func beginTunnel() {
    let current = listener.current
    guard let target = current.settings.tunnelTarget else { return close() }
    loop.disarm(self)
    let tunnel = TCPTunnel(self, current, current.targets[target])
    self.tunnel = tunnel
    tunnel.begin()
  }

  func proceed() {
    if let stream {
      stream.exchange.downstreamReady(stream)
    } else if isLingering {
      discard()
    } else if let carrier {
      carrier.proceed()
    } else if let tunnel {
      tunnel.clientReady()
    } else if awaitsProxyHeader {
      readProxyHeader()
    } else if isSecuring {
      secureOn()
    } else if mayReceive || !input.isEmpty {
      beginExchange()
    }
  }

  private func beginExchange() {
    let fresh = worker.takeStream()
    stream = fresh
    fresh.begin(on: self)
  }

  /// The exchange is over; bytes of the next request may be in the input.
  func exchangeEnded(keepsOpen: Bool) {
    stream = nil
    guard keepsOpen, !isBroken, !hasLostLogin else { return linger() }
    idleBegins()
    // One request a turn: a client that pipelines does not starve the others.
    if !input.isEmpty || mayReceive { loop.resumeLater(self) }
  }

  /// No request was begun: nothing is answered.
  func exchangeNotBegun() {
    stream = nil
    if carrier != nil { return loop.resumeLater(self) }
    if peerEnded || isBroken || isExpired {
      close()
    }
  }

  /// Closes it soon, if it is idle: a client that is in the middle of sending a request, or whose
  /// first one waits behind the accept, gets its answer, which says that the connection closes.
  func drain() {
    guard stream == nil, tunnel == nil, !isLingering, !isSecuring, !awaitsProxyHeader else {
      return
    }
    carrier?.drain()
    idleBegins()
  }

  /// Closes in a turn of its own, unless a request is under way or there by then: that is answered
  /// first.
  func endWhenIdle() {
    guard stream == nil, !isLingering, !isSecuring, isOpen else { return }
    loop.arm(self, at: loop.now)
  }

  func abandon(_ failure: FailureKind) {
    if let carrier, !isLingering { return carrier.abandon(failure) }
    if let tunnel { return tunnel.end(failure) }
    if let stream { stream.exchange.fail(failure) } else { close() }
  }

  /// Ends our direction and drops what still comes, for a while.
  func linger() {
    carrier = nil
    if hasPrivates { endPrivates() }
    giveBuffers(to: pool)
    if isSecure { endSecure() }
    guard !peerEnded, !isBroken else { return close() }
    isLingering = true
    loop.kernel.shutdownSend(descriptor)
    let time = use == .refused ? Self.refusedLingerTime : Self.lingerTime
    loop.arm(self, at: loop.now.advanced(by: time))
    discard()
  }

  private func discard() {
    // Closing over bytes that were not read would reset the answer away; it is back at once.
    if !pool.lend(to: input) { pool.lendBeyondBudget(to: input) }
    defer { pool.reclaim(from: input) }
    for _ in 0..<16 {
      switch receive(into: input) {
      case .bytes: input.removeAll()
      case .wouldBlock: return
      case .endOfStream, .failed: return close()
      }
    }
    loop.resumeLater(self)
  }

  /// Closes at once; `reset` tells the client that the answer is not whole.
  func close(reset: Bool = false) {
    guard isOpen else { return }
    stream = nil
    carrier = nil
    tunnel = nil
    if hasPrivates { endPrivates() }
    giveBuffers(to: pool)
    if isSecure, !reset { endSecure() }
    if reset { loop.kernel.resetOnClose(descriptor) }
    loop.close(self)
    worker.descriptors.release(use)
    if position >= 0 { worker.remove(self) }
  }
}
