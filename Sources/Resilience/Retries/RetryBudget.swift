import Primitives
import Synchronization

/// How many retries of an upstream may be under way at once: a share of its active requests, and a
/// floor for when there are few.
///
/// Why: retries are extra load exactly when there is least room for it. A bound on attempts per
/// request multiplies an outage's load by that bound; a budget adds at most the share, so that the
/// load falls again when the cause is gone. Source and defaults: Envoy's `retry_budget`, 20 % and 3.
///
/// What holds: a request is active from `requestBegan` to `requestEnded`, its retries do not count
/// as further ones. At the instant at which a retry is admitted, retries under way, this one
/// included, are at most max(minimum, ⌊ratio × active⌋), whatever other threads do: both counts are
/// one atomic word. Nothing that is under way is cancelled when active requests fall; the count may
/// then exceed the new bound, never the largest bound since the last of them was admitted, and none
/// is admitted until it is below it.
///
/// A hedge budget is another of these, whose "retries" are the hedges under way beside requests that may
/// be hedged.
///
/// Cost: one atomic addition or exchange a call, 5 ns; no allocation. Ranges: up to 2^31
/// requests and retries.
public final class RetryBudget: Sendable {
  /// Retries under way, as a share of active requests.
  public let ratio: Share
  /// Retries that may be under way however few requests are.
  public let minimum: Int
  /// Retries above, active requests below.
  @usableFromInline let counts = Atomic<UInt64>(0)
  @usableFromInline let ratioBasisPoints: UInt64
  @usableFromInline let floor: UInt64
  @usableFromInline static let aRetry = UInt64(1) << 32

  /// `minimum` is held at 0 or above.
  public init(ratio: Share = .percent(20), minimum: Int = 3) {
    self.ratio = ratio
    self.minimum = Swift.max(0, minimum)
    ratioBasisPoints = UInt64(ratio.basisPoints)
    floor = UInt64(Swift.min(self.minimum, Int(Int32.max)))
  }

  @inlinable
  package func requestBegan() {
    counts.wrappingAdd(1, ordering: .relaxed)
  }

  /// Precondition: one for each `requestBegan`.
  @inlinable
  package func requestEnded() {
    let before = counts.wrappingSubtract(1, ordering: .relaxed).oldValue
    precondition(before & 0xFFFF_FFFF != 0, "a request ended that had not begun")
  }

  /// Takes a place for a retry, from its decision until `retryEnded`: the wait before it counts,
  /// because load that waits is load.
  @inlinable
  package func tryBeginRetry() -> Bool {
    var seen = counts.load(ordering: .relaxed)
    while true {
      let active = seen & 0xFFFF_FFFF
      let allowed = Swift.max(floor, active &* ratioBasisPoints / 10_000)
      if seen >> 32 >= allowed { return false }
      let (isExchanged, original) = counts.weakCompareExchange(
        expected: seen, desired: seen &+ Self.aRetry, ordering: .relaxed)
      if isExchanged { return true }
      seen = original
    }
  }

  /// Precondition: one for each `tryBeginRetry` that returned true.
  @inlinable
  package func retryEnded() {
    let before = counts.wrappingSubtract(Self.aRetry, ordering: .relaxed).oldValue
    precondition(before >= Self.aRetry, "a retry ended that had not begun")
  }

  /// Both counts of one instant.
  public var inFlight: (requests: Int, retries: Int) {
    let seen = counts.load(ordering: .relaxed)
    return (Int(seen & 0xFFFF_FFFF), Int(seen >> 32))
  }
}
