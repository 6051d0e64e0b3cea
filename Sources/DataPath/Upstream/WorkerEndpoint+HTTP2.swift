import HTTPClient
import Primitives
import Reactor
import TLS
import Telemetry
import Transport
import Upstreams

extension WorkerUpstream {
  /// A connection of HTTP/1.1 can be had where a request asks for an upgrade.
  var isForUpgrades: Bool { if case .auto = plan.applicationProtocol { true } else { false } }
}

/// Connections to the endpoint that many requests share at once.
extension WorkerEndpoint {
  /// A connection that is opened now may come to speak HTTP/2.
  var mayAgreeOnHTTP2: Bool {
    switch upstream.plan.applicationProtocol {
    case .http1, .tcp: false
    case .http2: true
    case .auto: upstream.plan.tls != nil
    }
  }

  var isSecure: Bool { upstream.plan.tls != nil }

  func security(isForUpgrade: Bool) -> ClientSecurity? {
    upstream.plan.tls.map { ClientSecurity($0, host: host, offersHTTP1Alone: isForUpgrade) }
  }

  func isTooOld(_ connection: UpstreamConnection) -> Bool {
    guard let most = upstream.plan.pool.ageMax else { return false }
    return loop.now.duration(since: connection.openedAt) >= most
  }

  /// The first place on a connection that has just been begun.
  func carry(_ connection: UpstreamConnection) -> UpstreamStream {
    let carrier = HTTP2UpstreamCarrier(connection, self)
    connection.borrower = carrier
    connections[Int(connection.id)] = .http2(carrier)
    carriers.append(carrier)
    return carrier.place()
  }

  /// A place on a connection that has room. One that is still being opened serves only where it is known
  /// that HTTP/2 will be spoken on it: else all but one who waited would have to ask again.
  func place() -> UpstreamStream? {
    for carrier in carriers where carrier.hasRoom {
      guard carrier.isOpen || upstream.plan.applicationProtocol == .http2 || agreesOnHTTP2 else {
        continue
      }
      if carrier.isParked {
        carrier.isParked = false
        pool.remove(carrier.connection.id)
        shard.subtract(metrics.idle)
        loop.disarm(carrier.connection)
      }
      return carrier.place()
    }
    return nil
  }

  /// Nobody has a place on it.
  func park(_ carrier: HTTP2UpstreamCarrier) {
    let connection = carrier.connection
    guard index >= 0 else { return close(carrier, .drain) }
    if connection.isSecure { resumption = connection.session?.resumption ?? resumption }
    switch pool.checkIn(connection.id, openedAt: connection.openedAt, now: loop.now) {
    case .close: close(carrier, isTooOld(connection) ? .age : .unused)
    case .park(let expiry):
      carrier.isParked = true
      shard.add(metrics.idle)
      loop.arm(connection, at: expiry)
    }
  }

  /// The endpoint has chosen HTTP/1.1: whoever asked first goes on with the connection, others, who came
  /// because HTTP/2 had been spoken before, ask again.
  func agreedOnHTTP1(_ carrier: HTTP2UpstreamCarrier) {
    let connection = carrier.connection
    agreesOnHTTP2 = false
    guard upstream.plan.applicationProtocol == .auto else {
      let told = carrier.takeWaiting()
      close(carrier, .connectFailed)
      for stream in told { stream.leaves()?.connectFailed(connection, .tlsProtocolError) }
      return
    }
    carriers.removeAll { $0 === carrier }
    let http1 = HTTP1UpstreamStream(connection, worker: upstream.worker)
    connections[Int(connection.id)] = .http1(http1)
    connection.borrower = nil
    var waiting = carrier.takeWaiting().compactMap { $0.leaves() }
    guard !waiting.isEmpty else { return upstream.checkIn(http1, self) }
    let first = waiting.removeFirst()
    first.takes(http1, isReused: false)
    first.connectionReady(connection)
    for other in waiting { other.connectFailed(connection, .connectFailed) }
  }

  /// Its connection has been closed already.
  func closed(_ carrier: HTTP2UpstreamCarrier, _ reason: UpstreamMetrics.Close) {
    carriers.removeAll { $0 === carrier }
    forget(carrier.connection, reason)
  }

  func close(_ carrier: HTTP2UpstreamCarrier, _ reason: UpstreamMetrics.Close) {
    if carrier.isParked {
      carrier.isParked = false
      pool.closedByPeer(carrier.connection.id, now: loop.now)
      shard.subtract(metrics.idle)
    }
    carriers.removeAll { $0 === carrier }
    close(carrier.connection, reason, reset: false)
  }

  /// One that the pool has given up.
  func closeIdle(_ idle: EndpointConnection, _ reason: UpstreamMetrics.Close) {
    switch idle {
    case .http1(let stream): close(stream, reason)
    case .http2(let carrier):
      carrier.isParked = false
      close(carrier, reason)
    case .tcp: preconditionFailure("a tunnel is not pooled")
    }
  }
}
