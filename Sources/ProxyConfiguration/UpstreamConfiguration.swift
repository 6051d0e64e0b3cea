package struct UpstreamConfiguration: Sendable, Equatable {
  package enum Policy: String, Sendable {
    case roundRobin = "round_robin"
    case leastRequest = "least_request"
  }

  package struct Endpoint: Sendable, Equatable {
    /// An address, or `host:port`.
    package var address: String
    package var weight: Int
  }

  package var name: String
  package var endpoints: [Endpoint]
  package var policy: Policy
  package var connectionsMax: Int
  package var pendingMax: Int
  package var requestsMax: Int
  package var idleConnectionsMax: Int
  package var connectTimeout: Duration
  package var pendingTimeout: Duration
  package var poolIdle: Duration
  package var poolAge: Duration?
  package var streamIdleTimeout: Duration
  package var resolveInterval: Duration
}
