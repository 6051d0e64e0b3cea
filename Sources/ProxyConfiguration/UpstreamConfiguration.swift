import Primitives
import Resilience
import Upstreams

/// An upstream as it was configured.
package struct UpstreamConfiguration: Sendable, Equatable {
  package struct Endpoint: Sendable, Equatable {
    /// An address, or `host:port`.
    package var address: String
    package var weight: Int
    package var zone: String?
    /// 0...15; 0 is asked first.
    package var priority: Int
    /// By name.
    package var metadata: [RouteConfiguration.Field]

    /// The name of `host:port`; nil: an address is given.
    package var host: String? {
      guard SocketAddress(address) == nil, let colon = address.lastIndex(of: ":") else {
        return nil
      }
      return String(address[..<colon])
    }
  }

  package var name: String
  package var endpoints: [Endpoint]
  package var balancing: BalancingConfiguration
  package var healthCheck: HealthCheckConfiguration?
  package var circuitBreaker: BreakerConfiguration?
  package var endpointCircuitBreaker: BreakerConfiguration?
  package var retryBudget: RetryBudgetSettings
  package var outlierDetection: OutlierPolicy?
  package var adaptiveConcurrency: ConcurrencyPolicy?
  package var outlierMode: PolicyMode
  package var adaptiveMode: PolicyMode
  package var sheddingMode: PolicyMode
  package var limitsMode: PolicyMode
  package var connectionsMax: Int
  package var pendingMax: Int
  package var requestsMax: Int
  package var idleConnectionsMax: Int
  package var responseHeadBytesMax: Int
  package var responseFieldsMax: Int
  /// Nil: a queue is bounded by its length alone.
  package var pendingTarget: Duration?
  package var pendingInterval: Duration
  package var connectTimeout: Duration
  package var pendingTimeout: Duration
  package var poolIdle: Duration
  package var poolAge: Duration?
  package var streamIdleTimeout: Duration
  package var resolveInterval: Duration
  package var applicationProtocol = UpstreamProtocol.auto
  /// Nil: plaintext.
  package var tls: TLSConfiguration?

  /// What the upstream's breaker takes for a failure, and what other machines do where it has none.
  package var classifier: OutcomeClassifier { circuitBreaker?.classifier ?? OutcomeClassifier() }

  /// The same of an endpoint.
  package var endpointClassifier: OutcomeClassifier {
    endpointCircuitBreaker?.classifier ?? classifier
  }
}
