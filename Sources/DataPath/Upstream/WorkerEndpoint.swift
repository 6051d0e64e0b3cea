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
  private let host: String?
  /// What its last secured connection has left for the next.
  private var resumption: TLSResumption?
  let upstream: WorkerUpstream
  private let loop: EventLoop
  private let shard: MetricShard
  private let metrics: UpstreamMetrics
  /// Position in the upstream's endpoints; -1 once it has left the mesh.
  var index = -1
  private(set) var pool: IdlePool
  private var connections: [HTTP1UpstreamStream?] = []
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

  /// Begins a connection, whose slot in the limits the caller has taken.
  func open(for borrower: ConnectionReceiver) -> Result<HTTP1UpstreamStream, OpenFault> {
    guard upstream.worker.takeEndpointDescriptor() else {
      return .failure(OpenFault(kind: .descriptorsExhausted))
    }
    let id = freeIDs.popLast() ?? UInt32(connections.count)
    if Int(id) == connections.count { connections.append(nil) }
    let connection = UpstreamConnection(
      id: id, owner: self, loop: loop, limits: upstream.plan.headLimits,
      bodyLimits: upstream.plan.bodyLimits)
    connection.borrower = borrower
    do throws(Errno) {
      try connection.open(
        to: address, deadline: loop.now.advanced(byNanoseconds: upstream.plan.connectNanoseconds),
        upstream.plan.tls.map { ClientSecurity($0, host: host) }, resuming: resumption,
        pool: upstream.worker.pool)
    } catch {
      freeIDs.append(id)
      upstream.worker.descriptors.release(.endpoints)
      return .failure(OpenFault(kind: UpstreamConnection.failure(of: error)))
    }
    let stream = HTTP1UpstreamStream(connection, worker: upstream.worker)
    connections[Int(id)] = stream
    connectionCount += 1
    shard.add(metrics.opened)
    shard.add(metrics.active)
    return .success(stream)
  }

  /// The idle connection that was used last, if any may be trusted.
  func checkOut() -> HTTP1UpstreamStream? {
    while let id = pool.checkOut(now: loop.now) {
      shard.subtract(metrics.idle)
      guard let stream = connections[Int(id)] else { continue }
      stream.disarm()
      return stream
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
      let isOld = upstream.plan.pool.ageMax.map {
        loop.now.duration(since: connection.openedAt) >= $0
      }
      close(stream, isOld == true ? .age : .unused)
    case .park(let expiry):
      shard.add(metrics.idle)
      loop.arm(connection, at: expiry)
    }
  }

  /// Closes a connection, idle ones after their removal from the pool.
  func close(_ stream: HTTP1UpstreamStream, _ reason: UpstreamMetrics.Close, reset: Bool = false) {
    let connection = stream.connection
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
    guard let id = pool.evict(), let stream = connections[Int(id)] else { return false }
    shard.subtract(metrics.idle)
    close(stream, reason)
    return true
  }

  /// The policy has changed: what is idle goes, and what was learned is forgotten.
  func renewPool() {
    while evict(.drain) {}
    pool = IdlePool(policy: upstream.plan.pool)
  }

  /// Connections that are open take them over too, idle or in use.
  func adopt(_ limits: HeadLimits) {
    for stream in connections { stream?.connection.adopt(limits) }
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
    if let stream = connections[Int(connection.id)] { close(stream, isEnd ? .peer : .unsolicited) }
  }

  package override func connectionDeadlinePassed(_ connection: UpstreamConnection) {
    while let id = pool.expire(now: loop.now) {
      shard.subtract(metrics.idle)
      if let expired = connections[Int(id)] { close(expired, .idle) }
    }
    if connection.isOpen {
      loop.arm(connection, at: loop.now.advanced(byNanoseconds: pool.trustNanoseconds(loop.now)))
    }
  }
}
