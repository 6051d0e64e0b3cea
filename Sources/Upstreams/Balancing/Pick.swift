/// A picked endpoint, and why it was.
@usableFromInline package struct Pick: Sendable, Equatable {
  /// Why this one; the raw value is its name in logs and explanations.
  @usableFromInline package enum Reason: String, Sendable, CaseIterable {
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
    /// No connection may be opened; one of its own had nothing to do.
    case freeConnection = "free_connection"
    /// The client's own connection leads there, which carries its login.
    case ownConnection = "own_connection"
  }

  /// What zones had to do with it; the raw value is its name.
  @usableFromInline package enum Zone: String, Sendable, CaseIterable {
    /// Nothing: no zone is set, too few endpoints, panic, or a hashed policy.
    case any
    /// In our zone.
    case local
    /// In another, because ours has less than its share.
    case spill
  }

  @usableFromInline package var index: Int
  @usableFromInline package var reason: Reason
  @usableFromInline package var zone: Zone = .any
  @usableFromInline package var priority: UInt8 = 0
  /// So few were available that all were eligible.
  @usableFromInline package var isPanic = false
  /// The policy's choice had been tried before; this is another.
  @usableFromInline package var isElsewhere = false

  @inlinable package init(
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
