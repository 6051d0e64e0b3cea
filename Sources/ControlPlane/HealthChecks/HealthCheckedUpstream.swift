import HTTPClient
import Primitives
import Upstreams

/// An upstream whose endpoints are to be checked, as the control plane tells `HealthChecker`.
package struct HealthCheckedUpstream: Sendable {
  /// Unique among those of one `HealthChecker.set`.
  package var name: String
  /// When, and how many results count.
  package var policy: HealthCheckPolicy
  package var question: HealthQuestion
  /// By address; one that occurs twice is checked once.
  package var endpoints: [SocketAddress]
  /// How each of the endpoints is asked; one that is missing: in plaintext.
  package var security: [SocketAddress: ClientSecurity] = [:]

  package init(
    name: String, policy: HealthCheckPolicy, question: HealthQuestion, endpoints: [SocketAddress]
  ) {
    self.name = name
    self.policy = policy
    self.question = question
    self.endpoints = endpoints
  }
}
