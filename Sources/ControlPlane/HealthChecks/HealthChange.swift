import Primitives

/// An endpoint has become healthy or unhealthy, in the eyes of the health checks.
package struct HealthChange: Sendable, Equatable {
  package enum Cause: Sendable, Equatable {
    /// The last of the results that decided.
    case probe(ProbeResult)
    /// Nobody checks the endpoint any longer: what was told of it is taken back.
    case unchecked
  }

  package var upstream: String
  package var endpoint: SocketAddress
  package var isHealthy: Bool
  package var cause: Cause
}
