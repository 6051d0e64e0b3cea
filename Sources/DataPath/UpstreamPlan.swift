import HTTP1
import Primitives
import Upstreams

/// What the control plane decided about one upstream; a worker builds or adapts its
/// `WorkerUpstream` by it.
package final class UpstreamPlan: @unchecked Sendable {
  // SAFETY: filled by the one who makes it, then only read.

  package struct Endpoint: Sendable, Hashable {
    package var address: SocketAddress
    /// 1...1,000,000.
    package var weight: UInt32

    package init(address: SocketAddress, weight: UInt32) {
      self.address = address
      self.weight = weight
    }
  }

  package var name: String
  package var endpoints: [Endpoint]
  package var policy: BalancingPolicy = .roundRobin
  package var pool = PoolPolicy()
  package var headLimits = HeadLimits()
  package var bodyLimits = BodyLimits()
  /// Linkerd's outbound connect timeout, 1 s.
  package var connectNanoseconds: Int64 = 1_000_000_000
  /// How long a request may wait for a connection. Linkerd fails fast after 1 to 3 s.
  package var pendingNanoseconds: Int64 = 3_000_000_000
  /// No byte in either direction. Envoy's `stream_idle_timeout`, 5 min.
  package var streamIdleNanoseconds: Int64 = 300_000_000_000
  /// No endpoint is known because no name could be resolved.
  package var isUnresolved = false
  /// Shared by all workers, and kept over snapshots.
  package var limits: ResourceLimits

  package init(name: String, endpoints: [Endpoint], limits: ResourceLimits) {
    self.name = name
    self.endpoints = endpoints
    self.limits = limits
  }
}
