import Primitives
import Upstreams

/// One sidecar's view of one upstream: the machines that the proxy has there, and its counts.
struct Link: Sendable {
  let edge: Int
  /// Of the caller; -1: everywhere.
  let zone: Int
  var random: RandomSource
  var balancer: Balancer
  /// Endpoints that may be picked.
  var available: EndpointSet
  /// Attempts under way at each endpoint.
  var active: [Int32]
  /// Each holds a connection.
  var activeCount = 0
  var requestCount = 0
  var waiting = PendingQueue()
  /// By ticket.
  var waiters: [UInt32] = []
  var isToServe = false

  init(edge: Int, zone: Int, endpoints: Int, policy: EdgePolicy, seed: UInt64) {
    self.edge = edge
    self.zone = zone
    random = RandomSource(seed: seed)
    balancer = Balancer(
      policy: policy.balancing, weights: [UInt32](repeating: 1, count: endpoints),
      random: &random)
    available = EndpointSet(capacity: endpoints, isFull: true)
    active = [Int32](repeating: 0, count: endpoints)
  }

  @inline(__always)
  mutating func pick() -> Int? {
    balancer.pick(available: available, active: active, random: &random)
  }

  /// Discovery's word on an endpoint.
  mutating func list(_ endpoint: Int, isThere: Bool) {
    if isThere { available.insert(endpoint) } else { available.remove(endpoint) }
  }
}
