import Primitives

/// The time that one request has in all: queueing, waiting, every attempt.
///
/// Why one budget: timeouts of each hop and attempt add up to more than anyone waits, and what is
/// done after the caller left is load for nothing. The earlier of the route's timeout and what the
/// caller sent (`grpc-timeout`, or `x-envoy-expected-rq-timeout-ms` of a trusted proxy) counts, and
/// what is left is sent on. Pure; cost: a comparison; 8 bytes.
@usableFromInline package struct DeadlineBudget: Sendable, Hashable {
  @usableFromInline package let deadline: Instant

  @inlinable
  package init(deadline: Instant) { self.deadline = deadline }

  /// Nil: not bounded by it. Without both there is no deadline.
  @inlinable
  package init(routeNanoseconds: Int64?, requestedNanoseconds: Int64?, now: Instant) {
    let allowed = min(routeNanoseconds ?? .max, requestedNanoseconds ?? .max)
    deadline = allowed == .max ? .distantFuture : now.advanced(byNanoseconds: max(0, allowed))
  }

  @inlinable package var isBounded: Bool { deadline != .distantFuture }

  /// Nanoseconds that are left, 0 from the deadline on; `Int64.max` without a deadline.
  @inlinable
  package func remaining(_ now: Instant) -> Int64 {
    isBounded ? max(0, deadline.nanoseconds(since: now)) : .max
  }

  /// Whether work begun now cannot be done in time: nothing is left, or less than the fastest that
  /// the service was seen to take lately (`LatencyDigest.fastestNanoseconds`). Refusing it saves the
  /// service the work and the caller the wait. The fastest, not the mean, because only what is
  /// certain to fail is refused.
  @inlinable
  package func isDoomed(_ now: Instant, fastestNanoseconds: Int64?) -> Bool {
    let left = remaining(now)
    return left == 0 || left < fastestNanoseconds ?? 0
  }
}
