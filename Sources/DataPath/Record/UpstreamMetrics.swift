import Telemetry

/// The slots of one upstream's metrics.
package final class UpstreamMetrics: Sendable {
  /// Who or what ended a connection to an endpoint.
  package enum Close: String, CaseIterable, Sendable {
    case idle, age, peer, error, unsolicited, evicted, drain, client
    case notPersistent = "not_persistent"
    case unused = "surplus"
    case abandoned
    case connectFailed = "connect_failed"
  }

  let attempts: Int
  let opened: Int
  let reused: Int
  let active: Int
  let idle: Int
  let privates: Int
  let pending: Int
  let sentBytes: Int
  let receivedBytes: Int
  let fallbacks: Int
  private let closed: [Int]
  private let refusals: [Int]

  package init(_ registry: MetricRegistry, upstream: String) {
    func counter(_ name: String, _ help: String) -> Int {
      registry.series(
        registry.family(name, .counter, help: help, labels: ["upstream"]), [upstream])
    }
    func gauge(_ name: String, _ help: String) -> Int {
      registry.series(registry.family(name, .gauge, help: help, labels: ["upstream"]), [upstream])
    }
    attempts = counter("weir_upstream_attempts_total", "Requests sent to an endpoint.")
    opened = counter(
      "weir_upstream_connections_opened_total", "Connections that were begun to endpoints.")
    reused = counter(
      "weir_upstream_connections_reused_total", "Requests that went out on a kept connection.")
    active = gauge("weir_upstream_connections", "Connections to endpoints, idle ones included.")
    idle = gauge("weir_upstream_connections_idle", "Connections that wait for a request.")
    privates = gauge(
      "weir_upstream_connections_private",
      "Connections that carry a client's login and are used by that client alone.")
    pending = gauge("weir_upstream_requests_pending", "Requests that wait for a connection.")
    sentBytes = counter("weir_upstream_sent_bytes_total", "Bytes sent to endpoints.")
    receivedBytes = counter("weir_upstream_received_bytes_total", "Bytes received from endpoints.")
    let family = registry.family(
      "weir_upstream_connections_closed_total", .counter,
      help: "Connections to endpoints that were closed, by what ended them.",
      labels: ["upstream", "by"])
    fallbacks = counter(
      "weir_upstream_fallbacks_total", "Requests that a route's fallback took over.")
    let refused = registry.family(
      "weir_circuit_breaker_refused_total", .counter,
      help: "Requests that a breaker refused, by what it stands before.",
      labels: ["upstream", "scope"])
    refusals = BreakerScope.allCases.map { registry.series(refused, [upstream, $0.rawValue]) }
    closed = Close.allCases.map { registry.series(family, [upstream, $0.rawValue]) }
  }

  func refused(_ scope: BreakerScope) -> Int {
    switch scope {
    case .route: refusals[0]
    case .upstream: refusals[1]
    case .endpoint: refusals[2]
    }
  }

  func closed(_ reason: Close) -> Int {
    var index = 0
    for entry in Close.allCases {
      if entry == reason { return closed[index] }
      index += 1
    }
    preconditionFailure("a case without a slot")
  }
}
