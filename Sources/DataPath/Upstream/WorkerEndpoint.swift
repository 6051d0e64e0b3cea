import HTTPClient
import HTTPModel
import Primitives
import Reactor
import TLS
import Telemetry
import Transport
import Upstreams

/// An endpoint as one worker sees it: its connections, idle and in use.
///
/// It receives what happens on idle connections: bytes or an end there close the connection
/// (response-queue poisoning). Confinement: the worker's loop.
package final class WorkerEndpoint: ConnectionReceiver {
  package let address: SocketAddress
  /// What it is known by in picks.
  let key: UInt64
  /// What all workers share of it.
  package var state: EndpointState
  /// What came of the attempts at it, for `/upstreams`.
  package var tally = EndpointTally()
  /// `127.0.0.1:9001`, for the log.
  let text: [UInt8]
  /// The name that it was found by, which its certificate may have to be for.
  let host: String?
  /// What its last secured connection has left for the next.
  var resumption: TLSResumption?
  let upstream: WorkerUpstream
  let loop: EventLoop
  let shard: MetricShard
  let metrics: UpstreamMetrics
  /// Position in the upstream's endpoints; -1 once it has left the mesh.
  var index = -1
  var pool: IdlePool
  var connections: [EndpointConnection?] = []
  /// Connections on which many streams have a place, the one that was opened first in front.
  var carriers: [HTTP2UpstreamCarrier] = []
  /// What its last secured connection agreed on.
  var agreesOnHTTP2 = false
  private var freeIDs: [UInt32] = []
  package private(set) var connectionCount = 0
  /// Connections of one client each that have nothing to do, the longest idle first.
  var idlePrivates: [PrivateConnection] = []

  package init(
    _ planned: UpstreamPlan.Endpoint, _ state: EndpointState, of upstream: WorkerUpstream
  ) {
    address = planned.address
    self.state = state
    key = planned.balanced.key
    host = planned.host
    self.upstream = upstream
    loop = upstream.worker.loop
    shard = upstream.worker.shard
    metrics = upstream.metrics
    text = Array(state.identity.utf8)
    pool = IdlePool(policy: upstream.plan.pool)
    super.init()
  }

  /// Why a connection could not even be begun.
  struct OpenFault: Error {
    let kind: FailureKind
  }

  package var idleCount: Int { pool.count }

  /// Begins a connection, whose slot in the limits the caller has taken; `isForUpgrade`: HTTP/1.1 has to be
  /// spoken on it.
  func open(isForUpgrade: Bool) -> Result<UpstreamStream, OpenFault> {
    begin(isForUpgrade: isForUpgrade).map { connection in
      guard mayAgreeOnHTTP2, !isForUpgrade else {
        let stream = HTTP1UpstreamStream(connection, worker: upstream.worker)
        connections[Int(connection.id)] = .http1(stream)
        return stream
      }
      return carry(connection)
    }
  }

  /// The same for a client of TCP.
  func openTunnel() -> Result<UpstreamConnection, OpenFault> {
    begin(isForUpgrade: false).map { connection in
      connections[Int(connection.id)] = .tcp(connection)
      return connection
    }
  }

  private func begin(isForUpgrade: Bool) -> Result<UpstreamConnection, OpenFault> {
    guard upstream.worker.takeEndpointDescriptor() else {
      return .failure(OpenFault(kind: .descriptorsExhausted))
    }
    let id = freeIDs.popLast() ?? UInt32(connections.count)
    if Int(id) == connections.count { connections.append(nil) }
    let connection = UpstreamConnection(
      id: id, owner: self, loop: loop, limits: upstream.plan.headLimits,
      bodyLimits: upstream.plan.bodyLimits)
    do throws(Errno) {
      try connection.open(
        to: address, deadline: loop.now.advanced(byNanoseconds: upstream.plan.connectNanoseconds),
        security(isForUpgrade: isForUpgrade), resuming: isForUpgrade ? nil : resumption,
        pool: upstream.worker.pool)
    } catch {
      freeIDs.append(id)
      upstream.worker.descriptors.release(.endpoints)
      return .failure(OpenFault(kind: UpstreamConnection.failure(of: error)))
    }
    connectionCount += 1
    shard.add(metrics.opened)
    shard.add(metrics.active)
    return .success(connection)
  }

  /// The idle connection that was used last, if any may be trusted.
  func checkOut(isForUpgrade: Bool) -> UpstreamStream? {
    if !carriers.isEmpty {
      if let place = isForUpgrade ? nil : place() { return place }
      if isForUpgrade { return nil }
    }
    while let id = pool.checkOut(now: loop.now) {
      shard.subtract(metrics.idle)
      switch connections[Int(id)] {
      case .http1(let stream):
        stream.disarm()
        return stream
      // It had no room for another: it is too old, or ending.
      case .http2(let carrier):
        carrier.isParked = false
        close(carrier, .age)
      case .tcp: preconditionFailure("a tunnel is not pooled")
      case nil: continue
      }
    }
    return nil
  }

  package override func handshakeEnded(_ connection: UpstreamConnection, _ fault: TLSFault?) {
    let worker = upstream.worker
    let name = upstream.plan.name
    guard let fault else {
      let isResumed = connection.session?.isResumed == true
      return worker.handshakes.count(isResumed ? "resumed" : "ok", to: name, worker)
    }
    // What may have been resumed is not tried again.
    resumption = nil
    worker.handshakes.failed(
      HandshakeFailure(side: .upstream, name: name, peer: "\(address)", fault: fault), worker)
  }

  /// A connection to it could be made.
  func reached() {
    if !state.isReachable { state.set(isReachable: true) }
  }

  /// A connection whose exchange is over and that may carry another.
  func checkIn(_ stream: HTTP1UpstreamStream) {
    let connection = stream.connection
    connection.borrower = nil
    // The tickets came before the first answer.
    if connection.isSecure, connection.requestCount == 1 {
      resumption = connection.session?.resumption ?? resumption
    }
    guard index >= 0 else { return close(stream, .drain) }
    switch pool.checkIn(connection.id, openedAt: connection.openedAt, now: loop.now) {
    case .close:
      close(stream, isTooOld(connection) ? .age : .unused)
    case .park(let expiry):
      shard.add(metrics.idle)
      loop.arm(connection, at: expiry)
    }
  }

  /// Closes a connection, idle ones after their removal from the pool.
  func close(_ stream: HTTP1UpstreamStream, _ reason: UpstreamMetrics.Close, reset: Bool = false) {
    close(stream.connection, reason, reset: reset)
  }

  func close(_ connection: UpstreamConnection, _ reason: UpstreamMetrics.Close, reset: Bool) {
    connection.giveBuffers(to: upstream.worker.pool)
    connection.close(reset: reset)
    forget(connection, reason)
  }

  /// A connection was closed: its slot is free again.
  func forget(_ connection: UpstreamConnection, _ reason: UpstreamMetrics.Close) {
    let id = Int(connection.id)
    guard connections[id]?.connection === connection else { return }
    connections[id] = nil
    freeIDs.append(connection.id)
    connectionCount -= 1
    shard.add(metrics.closed(reason))
    countBytes(connection)
    if connection.isPrivate { shard.subtract(metrics.privates) }
    shard.subtract(metrics.active)
    upstream.worker.descriptors.release(.endpoints)
    upstream.connectionSlotFreed()
  }

  /// Closes the connection that has been idle longest; false when none is.
  func evict(_ reason: UpstreamMetrics.Close) -> Bool {
    guard let id = pool.evict(), let idle = connections[Int(id)] else { return false }
    shard.subtract(metrics.idle)
    closeIdle(idle, reason)
    return true
  }

  /// The policy has changed: what is idle goes, and what was learned is forgotten.
  func renewPool() {
    while evict(.drain) {}
    pool = IdlePool(policy: upstream.plan.pool)
  }

  /// Connections that are open take them over too, idle or in use; those of HTTP/2 keep what they have
  /// announced.
  func adopt(_ limits: HeadLimits) {
    for known in connections { known?.connection.adopt(limits) }
  }

  /// Brings the counters up to what the connection has moved.
  func countBytes(_ connection: UpstreamConnection) {
    let moved = connection.takeUncounted()
    shard.add(metrics.sentBytes, moved.sent)
    shard.add(metrics.receivedBytes, moved.received)
  }

  func learn(keepAliveSeconds: UInt32) {
    pool.advertised(seconds: keepAliveSeconds)
  }

  package override func connectionReady(_ connection: UpstreamConnection) {
    guard connection.mayReceive || connection.isBroken else { return }
    let isEnd = connection.peerEnded || connection.isBroken
    pool.closedByPeer(connection.id, now: loop.now)
    shard.subtract(metrics.idle)
    close(connection, isEnd ? .peer : .unsolicited, reset: false)
  }

  package override func connectionDeadlinePassed(_ connection: UpstreamConnection) {
    while let id = pool.expire(now: loop.now) {
      shard.subtract(metrics.idle)
      if let expired = connections[Int(id)] { closeIdle(expired, .idle) }
    }
    if connection.isOpen {
      loop.arm(connection, at: loop.now.advanced(byNanoseconds: pool.trustNanoseconds(loop.now)))
    }
  }
}
