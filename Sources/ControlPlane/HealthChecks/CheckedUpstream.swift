import Primitives
import Upstreams

/// An upstream whose endpoints are checked, under one policy. Confinement: its checker's loop.
final class CheckedUpstream {
  let name: String
  let policy: HealthCheckPolicy
  let metrics: HealthCheckMetrics
  /// In the order of the endpoints.
  var checks: [HealthCheck] = []

  init(_ wanted: HealthCheckedUpstream, _ metrics: HealthCheckMetrics) {
    name = wanted.name
    policy = wanted.policy
    self.metrics = metrics
  }
}
