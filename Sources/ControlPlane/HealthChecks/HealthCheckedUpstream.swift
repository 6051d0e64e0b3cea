import Primitives
import Upstreams

/// An upstream whose endpoints are to be checked, as the control plane tells `HealthChecker`.
package struct HealthCheckedUpstream: Sendable {
  /// Unique among those of one `HealthChecker.set`.
  package var name: String
  package var policy: HealthCheckPolicy
  /// By address; one that occurs twice is checked once.
  package var endpoints: [SocketAddress]

  package init(name: String, policy: HealthCheckPolicy, endpoints: [SocketAddress]) {
    self.name = name
    self.policy = policy
    self.endpoints = endpoints
  }
}
