import HTTPClient
import Primitives
import Upstreams

/// An upstream whose endpoints are checked, under one policy and with one question. Confinement: its
/// checker's loop.
final class CheckedUpstream {
  let name: String
  let policy: HealthCheckPolicy
  let question: HealthQuestion
  let metrics: HealthCheckMetrics
  var security: [SocketAddress: ClientSecurity]
  /// In the order of the endpoints.
  var checks: [HealthCheck] = []

  init(_ wanted: HealthCheckedUpstream, _ metrics: HealthCheckMetrics) {
    name = wanted.name
    policy = wanted.policy
    question = wanted.question
    self.metrics = metrics
    security = wanted.security
  }

  /// Whether its checks can go on as they are.
  func asks(as wanted: HealthCheckedUpstream) -> Bool {
    policy == wanted.policy && question == wanted.question
  }
}
