import Primitives

/// The state of one rate limit: how much is left and when that was so.
///
/// Integers only: a nanosecond brings `gain` units and a request costs `price` of them, requests /
/// period in lowest terms, so that nothing is ever rounded and nothing drifts. In any interval of
/// length t at most burst + rate × t requests are admitted. Time that goes backwards brings nothing.
/// Equal to a leaky bucket as a meter (GCRA, ITU-T I.371), which keeps one time instead of a level
/// but must round the time between two requests.
/// Cost: about 5 ns; 16 bytes. Confinement: its owner; `RateLimiter` shares it.
@usableFromInline package struct TokenBucket: Sendable {
  @usableFromInline var credit: Int64
  @usableFromInline var updated: Instant

  /// Full.
  @inlinable
  package init(_ policy: RateLimitPolicy, now: Instant) {
    credit = policy.capacity
    updated = now
  }

  @inlinable
  package mutating func admit(_ policy: RateLimitPolicy, now: Instant) -> RateLimitVerdict {
    let elapsed = now.nanoseconds(since: updated)
    if elapsed >= policy.fillNanoseconds {
      credit = policy.capacity
      updated = now
    } else if elapsed > 0 {
      credit = min(policy.capacity, credit &+ elapsed &* policy.gain)
      updated = now
    }
    guard credit >= policy.price else {
      let wait = (policy.price &- credit &+ policy.gain &- 1) / policy.gain
      return .limited(
        retryAfterNanoseconds: wait, resetSeconds: policy.resetSeconds(credit: credit))
    }
    credit &-= policy.price
    return .admitted(
      remaining: Int(credit / policy.price), resetSeconds: policy.resetSeconds(credit: credit))
  }
}

extension RateLimitPolicy {
  @inlinable
  func resetSeconds(credit: Int64) -> Int {
    let missing = (capacity &- credit &+ gain &- 1) / gain
    return Int((missing &+ 999_999_999) / 1_000_000_000)
  }
}
