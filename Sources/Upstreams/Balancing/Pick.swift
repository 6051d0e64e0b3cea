/// A picked endpoint, and why it was.
package struct Pick: Sendable, Equatable {
  /// Why this one; the raw value is its name in logs and explanations.
  package enum Reason: String, Sendable, CaseIterable {
    /// Its turn came (`round_robin`).
    case turn
    /// The less loaded of two (`least_request`).
    case leastOfTwo = "least_of_two"
    /// The one of two that would answer sooner (`peak_ewma`).
    case lowerLatency = "lower_latency"
    /// Drawn (`random`, or a hashed policy without a hash).
    case random
    /// Where the request's hash falls.
    case hash
    /// The hash fell on one that was at its bounded load: the next.
    case hashOverloaded = "hash_overloaded"
    /// The hash fell on one that was not eligible: the next.
    case hashUnavailable = "hash_unavailable"
    /// There was no other to choose from.
    case onlyOne = "only_one"
  }

  /// What zones had to do with it; the raw value is its name.
  package enum Zone: String, Sendable, CaseIterable {
    /// Nothing: no zone is set, too few endpoints, panic, or a hashed policy.
    case any
    /// In our zone.
    case local
    /// In another, because ours has less than its share.
    case spill
  }

  package var index: Int
  package var reason: Reason
  package var zone: Zone = .any
  package var priority: UInt8 = 0
  /// So few were available that all were eligible.
  package var isPanic = false
  /// The policy's choice had been tried before; this is another.
  package var isElsewhere = false

  package init(
    index: Int, reason: Reason, zone: Zone = .any, priority: UInt8 = 0, isPanic: Bool = false,
    isElsewhere: Bool = false
  ) {
    self.index = index
    self.reason = reason
    self.zone = zone
    self.priority = priority
    self.isPanic = isPanic
    self.isElsewhere = isElsewhere
  }
}
