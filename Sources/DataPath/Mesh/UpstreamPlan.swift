import HTTPModel
import Primitives
import TLS
import Upstreams

/// What the control plane decided about one upstream; a worker builds or adapts its
/// `WorkerUpstream` by it.
package final class UpstreamPlan: @unchecked Sendable {
  // SAFETY: filled by the one who makes it, then only read.

  package struct Endpoint: Sendable, Hashable {
    package var address: SocketAddress
    package var balanced: BalancerEndpoint
    /// The name that it was found by; nil: it was given as an address.
    package var host: String?

    package init(address: SocketAddress, balanced: BalancerEndpoint, host: String? = nil) {
      self.address = address
      self.balanced = balanced
      self.host = host
    }

    package init(address: SocketAddress, traits: EndpointTraits = EndpointTraits()) {
      self.init(address: address, balanced: BalancerEndpoint("\(address)", traits: traits))
    }
  }

  package var name: String
  package var endpoints: [Endpoint]
  package var balancing = BalancingSettings()
  /// What all workers' balancers know of the endpoints; nil: each makes its own, with `placement`,
  /// where that is there.
  package var table: BalancerTable?
  package var placement: HashPlacement?
  /// What hashed policies go by.
  package var hashKey: RequestKey?
  /// Those that routes pick; nil: none does.
  package var subsets: SubsetTable?
  package var queuePolicy: QueuePolicy?
  /// Which latency hedges wait for.
  package var hedgePercentile = Share.percent(95)
  package var pool = PoolPolicy()
  package var headLimits = HeadLimits()
  package var bodyLimits = BodyLimits()
  /// Linkerd's outbound connect timeout, 1 s.
  package var connectNanoseconds: Int64 = 5_000_000_000
  /// How long a request may wait for a connection. Linkerd fails fast after 1 to 3 s.
  package var pendingNanoseconds: Int64 = 3_000_000_000
  /// No byte in either direction. Envoy's `stream_idle_timeout`, 5 min.
  package var streamIdleNanoseconds: Int64 = 300_000_000_000
  /// What connections to endpoints are secured by; nil: plaintext.
  package var tls: IdentitySlot?
  /// What is spoken on connections to endpoints.
  package var applicationProtocol = UpstreamProtocol.auto
  /// No endpoint is known because no name could be resolved.
  package var isUnresolved = false
  /// Shared by all workers.
  package var state: UpstreamState
  package var limits: ResourceLimits { state.limits }

  package init(name: String, endpoints: [Endpoint], state: UpstreamState) {
    precondition(endpoints.count == state.endpoints.count, "a state for each endpoint")
    self.name = name
    self.endpoints = endpoints
    self.state = state
  }

  /// The number of the subset of the endpoints that have all of `pairs`; one that no endpoint is in
  /// where there is none.
  package func subset(_ pairs: [SubsetTable.Pair]) -> Int {
    subsets?.id(of: pairs) ?? subsets?.count ?? 0
  }

  /// The same without an endpoint.
  func emptied() -> UpstreamPlan {
    let plan = UpstreamPlan(
      name: name, endpoints: [],
      state: UpstreamState(
        name: name, limits: limits, availability: state.availability, endpoints: []))
    plan.balancing = balancing
    return plan
  }
}
