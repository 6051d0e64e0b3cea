import HTTPClient
import Primitives
import Reactor
import Resilience
import Transport
import Upstreams

/// A client's connection whose bytes go to an endpoint as they come, and back.
///
/// ```
/// begin ──(allowed, admitted)── dialling ──(connected)── carrying ──(both have ended, idle, a failure)── over
///   └──(denied, refused)── over   └──(failed: another endpoint)── dialling
/// ```
///
/// Why it dials at once: a server that speaks first must not wait for its client. Until then nothing is read
/// of the client, so nothing was sent and another endpoint may always be tried. Policies judge how
/// connecting went, and nothing that follows. Confinement: the worker's loop.
final class TCPTunnel: ConnectionReceiver {
  /// Connects in total, where endpoints fail: HAProxy's `retries 3`, with the first among them.
  private static let connectsMax: UInt64 = 3

  /// Whose it is, and who ends with it.
  unowned let client: DownstreamConnection
  let listener: ListenerSnapshot
  let upstream: WorkerUpstream
  let startedAt: Instant
  /// The try that is under way, or the last.
  let attempt = Attempt()
  var connection: UpstreamConnection?
  var hold = AdmissionHold()
  var holdsRetry = false
  /// The rule that denied it; nil: the default did, or nothing.
  var denyingRule: Int?
  private var tried = TriedEndpoints()
  private var retryReason: RetryReason?
  private(set) var connects: UInt64 = 0
  private(set) var connectedAt: Instant?
  private var movedAt: Instant
  private(set) var ends: TunnelEnds = []
  private(set) var sentBytes: UInt64 = 0
  private(set) var receivedBytes: UInt64 = 0
  var isOver = false

  init(_ client: DownstreamConnection, _ listener: ListenerSnapshot, _ upstream: WorkerUpstream) {
    self.client = client
    self.listener = listener
    self.upstream = upstream
    startedAt = client.loop.now
    movedAt = startedAt
    super.init()
  }

  // Said outright, since the compiler refuses the one that it would make ("infinite recursion").
  override init() { preconditionFailure("a tunnel has a client") }

  var worker: Worker { client.worker }
  var now: Instant { client.loop.now }

  // MARK: Dialling

  func begin() {
    guard isAuthorized() else { return end(.authorizationDenied) }
    if let refusal = admit() { return end(refusal) }
    dial()
  }

  private func dial() {
    var request = PickRequest(tried: tried)
    request.hash = hash
    guard upstream.pick(request, into: attempt), let endpoint = attempt.endpoint else {
      return end(upstream.refusal)
    }
    guard takeSlot() else {
      upstream.giveBackTicket(of: attempt)
      attempt.clear()
      return end(.pendingOverflow)
    }
    connects += 1
    if connects > 1 { attempt.kind = .retry }
    attempt.isCounted = true
    upstream.attemptBegan(endpoint)
    switch upstream.openTunnel(to: endpoint) {
    case .success(let connection):
      connection.borrower = self
      self.connection = connection
    case .failure(let fault): failed(fault.kind)
    }
  }

  /// What a hashed policy goes by, as far as a connection has it.
  private var hash: UInt64? {
    switch upstream.plan.hashKey {
    case .source?: return KeyHash.of(client.peerText.span)
    case .identity?:
      guard let name = client.securedPeer?.name, !name.isEmpty else { return nil }
      return KeyHash.of(name.span)
    case .header?, .cookie?, .path?, nil: return nil
    }
  }

  /// No connection came of it: another endpoint is tried, while there is one.
  private func failed(_ failure: FailureKind) {
    upstream.record(attempt, failure, now)
    endAttempt()
    endRetry(isFailure: true)
    guard let endpoint = attempt.endpoint, failure.row.side == .upstream,
      connects < Self.connectsMax, !client.isBroken
    else { return end(failure) }
    tried.insert(endpoint.key)
    guard upstream.endpoints.contains(where: { !tried.contains($0.key) }),
      hold.state?.budget.tryBeginRetry() == true
    else { return end(failure) }
    holdsRetry = true
    retryReason = .failure(failure)
    dial()
  }

  private func endRetry(isFailure: Bool) {
    guard holdsRetry else { return }
    holdsRetry = false
    hold.state?.budget.retryEnded()
    if let retryReason { upstream.count(retryReason, isFailure: isFailure) }
  }

  func endAttempt() {
    guard attempt.isCounted, let endpoint = attempt.endpoint else { return }
    attempt.isCounted = false
    upstream.attemptEnded(endpoint, attempt.nanoseconds, isFailure: attempt.isFailure)
  }

  private func connected() {
    connectedAt = now
    attempt.endpoint?.reached()
    upstream.record(attempt, status: 200, now)
    endRetry(isFailure: false)
    settle(.success)
    movedAt = now
    client.loop.arm(client, at: idleEnd)
  }

  // MARK: Carrying

  private var idleEnd: Instant {
    movedAt.advanced(byNanoseconds: upstream.streamIdleNanoseconds)
  }

  /// Something happened on the client's side.
  func clientReady() {
    if connectedAt != nil { return pump() }
    if client.isBroken { end(.downstreamClosed) }
  }

  func deadlinePassed() {
    guard now >= idleEnd else { return client.loop.arm(client, at: idleEnd) }
    end(.streamIdleTimeout)
  }

  override func connectionReady(_ connection: UpstreamConnection) {
    if connectedAt == nil { connected() }
    pump()
  }

  override func connectFailed(_ connection: UpstreamConnection, _ failure: FailureKind) {
    self.connection = nil
    attempt.endpoint?.close(connection, .connectFailed, reset: false)
    failed(failure)
  }

  private func pump() {
    guard !isOver, let connection else { return }
    // What came as the first bytes of a client that was asked for TLS and speaks plaintext.
    if !client.input.isEmpty {
      noteMoved(client.input.count, .request)
      connection.output.take(from: client.input)
    }
    guard lend(to: connection.output), lend(to: client.output) else {
      return end(.bufferBudgetExceeded)
    }
    var isBusy = false
    guard move(from: client, to: connection, .request, &isBusy),
      move(from: connection, to: client, .response, &isBusy)
    else { return }
    attempt.endpoint?.countBytes(connection)
    if ends == [.request, .response], connection.output.isEmpty, client.output.isEmpty {
      return end(nil)
    }
    if isBusy { return client.loop.resumeLater(client) }
    for side in [client.output, connection.output] where side.isEmpty {
      worker.pool.reclaim(from: side)
    }
  }

  private func lend(to buffer: Buffer) -> Bool { buffer.hasBlock || worker.pool.lend(to: buffer) }

  /// One direction; false: the tunnel is over.
  private func move(
    from source: ByteStream, to target: ByteStream, _ end: TunnelEnds, _ isBusy: inout Bool
  ) -> Bool {
    let step = TunnelPump.move(from: source, to: target, isOver: ends.contains(end)) {
      noteMoved($0, end)
    }
    switch step {
    case .waits: return true
    case .isBusy: isBusy = true
    case .ended: ends.insert(end)
    case .sourceFailed: self.end(end == .request ? .downstreamClosed : .upstreamReset)
    case .targetFailed: self.end(end == .request ? .upstreamReset : .downstreamClosed)
    }
    return !isOver
  }

  private func noteMoved(_ count: Int, _ end: TunnelEnds) {
    movedAt = now
    if end == .request { sentBytes += UInt64(count) } else { receivedBytes += UInt64(count) }
  }
}
