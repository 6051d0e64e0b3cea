/// How an endpoint is picked among those that are eligible. The raw value is the name in the
/// configuration.
package enum BalancingPolicy: String, Sendable, Equatable, CaseIterable {
  /// Smooth weighted round robin, as nginx spreads it. Default: what operators expect.
  case roundRobin = "round_robin"
  /// The less loaded of two random ones (Mitzenmacher 2001; Envoy's LEAST_REQUEST, choices 2).
  case leastRequest = "least_request"
  /// The one of two random ones that would answer sooner: a latency average that follows peaks at
  /// once, times the requests in flight (Finagle and Linkerd).
  case peakEwma = "peak_ewma"
  /// Each request by itself, in proportion to the weights.
  case random
  /// By the request's hash on a ring of points (Karger 1997; Envoy's RING_HASH).
  case ringHash = "ring_hash"
  /// By the request's hash in a table of turns (Maglev, NSDI 2016 §3.4).
  case maglev

  /// Whether the request's hash decides.
  package var isHashed: Bool { self == .ringHash || self == .maglev }
}
