import Resilience
import Upstreams

/// Whether an endpoint may be picked, and if not, for what; the raw value is the `state` of
/// `weir_upstream_endpoints`.
package enum EndpointCondition: String, CaseIterable, Sendable {
  case available, unhealthy, ejected
  /// The last connection to it could not be made, and nobody has judged it for that: it is still
  /// asked.
  case unreachable
  /// Its breaker refuses; a half-open one takes probes, so that it counts as available.
  case circuitOpen = "circuit_open"

  /// The breaker first: neither health nor panic overrides it.
  init(_ endpoint: EndpointState, _ breaker: CircuitBreaker.State?) {
    if breaker == .open || breaker == .forcedOpen {
      self = .circuitOpen
    } else if endpoint.isEjected {
      self = .ejected
    } else {
      self = !endpoint.isHealthy ? .unhealthy : endpoint.isReachable ? .available : .unreachable
    }
  }
}
