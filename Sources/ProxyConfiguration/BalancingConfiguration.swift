import Primitives

/// Which endpoint of an upstream takes a request.
package struct BalancingConfiguration: Sendable, Equatable {
  package enum Policy: String, CaseIterable, Sendable {
    case roundRobin = "round_robin"
    case leastRequest = "least_request"
    case peakEWMA = "peak_ewma"
    case random
    case ringHash = "ring_hash"
    case maglev

    /// The same endpoint for the same `hashOn`.
    package var isHashing: Bool { self == .ringHash || self == .maglev }
  }

  package enum HashSource: Sendable, Equatable {
    /// A field's name.
    case header(String)
    case cookie(String)
    case source
    case path
  }

  package var policy: Policy
  /// There with policies that hash, and with no other.
  package var hashOn: HashSource?
  /// How much of the mean load one endpoint may have, in basis points above 10,000; nil: any.
  package var boundedLoadBasisPoints: Int?
  package var slowStart: Duration?
  /// Zero: never.
  package var panicThreshold: Share
  package var ringSize: Int
  package var zoneEndpointsMin: Int
}
