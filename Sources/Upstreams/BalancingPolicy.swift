/// How an endpoint is picked among those that are available.
package enum BalancingPolicy: Sendable, Equatable {
  /// Smooth weighted round robin, as nginx spreads it. Default: what operators expect.
  case roundRobin
  /// The less loaded of two random ones (Mitzenmacher 2001; Envoy's LEAST_REQUEST, choices 2).
  case leastRequest
}
