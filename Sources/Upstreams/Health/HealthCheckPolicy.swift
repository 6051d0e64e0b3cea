import Primitives

/// How endpoints of an upstream are asked whether they are well.
///
/// Units: durations above 0; thresholds at least 1.
package struct HealthCheckPolicy: Sendable, Equatable {
  /// Asked for with GET; nil: a TCP connection is enough.
  package var path: String?
  /// The `Host` that is sent; nil: the address that is asked.
  package var host: String?
  /// Another port than the endpoint's; it means nothing to a Unix-domain endpoint.
  package var port: UInt16?
  /// From the start of one check to the start of the next. Consul's examples: 10 s.
  package var interval: Duration
  /// How far an interval may be longer or shorter, so that proxies do not ask together. 15 %: what
  /// Envoy adds to its probes of other kinds.
  package var jitter: Share
  /// Of the whole check, connecting included. Kubernetes' probes: 1 s.
  package var timeout: Duration
  /// Good results in a row until it is well again. HAProxy's `rise`, 2.
  package var healthyAfter: Int
  /// Bad results in a row until it is not. HAProxy's `fall`, 3.
  package var unhealthyAfter: Int
  /// Statuses of a good answer. RFC 9110 §15.3: 2xx.
  package var statuses: [ClosedRange<UInt16>]

  package init(
    path: String? = nil, host: String? = nil, port: UInt16? = nil,
    interval: Duration = .seconds(10), jitter: Share = .percent(15),
    timeout: Duration = .seconds(1), healthyAfter: Int = 2, unhealthyAfter: Int = 3,
    statuses: [ClosedRange<UInt16>] = [200...299]
  ) {
    self.path = path
    self.host = host
    self.port = port
    self.interval = interval
    self.jitter = jitter
    self.timeout = timeout
    self.healthyAfter = healthyAfter
    self.unhealthyAfter = unhealthyAfter
    self.statuses = statuses
  }

  package func accepts(_ status: UInt16) -> Bool {
    statuses.contains { $0.contains(status) }
  }
}
