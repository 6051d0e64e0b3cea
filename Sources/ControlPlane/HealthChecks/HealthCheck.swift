import HTTPClient
import Primitives
import Upstreams

/// One endpoint of one upstream, as it is checked again and again.
///
/// ```
/// timed ──(due)── waiting ──(a place)── probing ──(result)── timed …
/// any ──(retired)── gone
/// ```
///
/// Confinement: its checker's loop.
final class HealthCheck {
  let upstream: CheckedUpstream
  let endpoint: SocketAddress
  /// Its place among the checker's timers.
  let slot: Int
  var machine: HealthCheckMachine
  /// While it is asked.
  var probe: ClientConnection?
  /// What was last told of it, by this check or by that of the endpoint before a change of policy.
  var isToldHealthy: Bool
  /// In a row.
  var failures = 0
  /// It is no longer checked.
  var isRetired = false

  init(
    _ upstream: CheckedUpstream, _ endpoint: SocketAddress, slot: Int, machine: HealthCheckMachine,
    isToldHealthy: Bool
  ) {
    self.upstream = upstream
    self.endpoint = endpoint
    self.slot = slot
    self.machine = machine
    self.isToldHealthy = isToldHealthy
  }
}
