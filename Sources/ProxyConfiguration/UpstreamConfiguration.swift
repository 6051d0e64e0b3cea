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
  }

  package var name: String
  package var endpoints: [Endpoint]
  package var balancing: BalancingConfiguration
  package var healthCheck: HealthCheckSettings?
  package var circuitBreaker: BreakerSettings?
  package var endpointCircuitBreaker: BreakerSettings?
  package var retryBudget: RetryBudgetSettings
  package var outlierDetection: OutlierSettings?
  package var adaptiveConcurrency: AdaptiveSettings?
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

  package var policy: BalancingConfiguration.Policy { balancing.policy }
}
