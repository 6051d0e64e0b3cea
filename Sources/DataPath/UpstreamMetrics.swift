import Telemetry

/// The slots of one upstream's metrics.
package final class UpstreamMetrics: Sendable {
  /// Who or what ended a connection to an endpoint.
  package enum Close: String, CaseIterable, Sendable {
    case idle, age, peer, error, unsolicited, evicted, drain
    case notPersistent = "not_persistent"
    case unused = "surplus"
    case abandoned
    case connectFailed = "connect_failed"
  }

  let attempts: Int
  let retries: Int
  let opened: Int
  let reused: Int
  let active: Int
  let idle: Int
  let pending: Int
  let sentBytes: Int
  let receivedBytes: Int
  private let closed: [Int]

  package init(_ registry: MetricRegistry, upstream: String) {
    func counter(_ name: String, _ help: String) -> Int {
      registry.series(
        registry.family(name, .counter, help: help, labels: ["upstream"]), [upstream])
    }
    func gauge(_ name: String, _ help: String) -> Int {
      registry.series(registry.family(name, .gauge, help: help, labels: ["upstream"]), [upstream])
    }
    attempts = counter("weir_upstream_attempts_total", "Requests sent to an endpoint.")
    retries = counter("weir_upstream_retries_total", "Attempts after the first of a request.")
    opened = counter(
      "weir_upstream_connections_opened_total", "Connections that were begun to endpoints.")
    reused = counter(
      "weir_upstream_connections_reused_total", "Requests that went out on a kept connection.")
    active = gauge("weir_upstream_connections", "Connections to endpoints, idle ones included.")
    idle = gauge("weir_upstream_connections_idle", "Connections that wait for a request.")
    pending = gauge("weir_upstream_requests_pending", "Requests that wait for a connection.")
    sentBytes = counter("weir_upstream_sent_bytes_total", "Bytes sent to endpoints.")
    receivedBytes = counter("weir_upstream_received_bytes_total", "Bytes received from endpoints.")
    let family = registry.family(
      "weir_upstream_connections_closed_total", .counter,
      help: "Connections to endpoints that were closed, by what ended them.",
      labels: ["upstream", "by"])
    closed = Close.allCases.map { registry.series(family, [upstream, $0.rawValue]) }
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
