import Primitives

/// How long to wait before an attempt is made again: anywhere below a bound that doubles.
///
/// Why full jitter: callers that failed together must not return together; a wait drawn from the
/// whole of [0, bound) spreads them best and, on average, waits half as long as the bound (M.
/// Brooker, "Exponential Backoff And Jitter", AWS 2015). Before the n-th retry the bound is
/// min(max, base × 2^(n-1)), as Envoy's `JitteredExponentialBackOffStrategy` computes it.
/// Defaults: 25 ms and 250 ms (Envoy's retry back-off). Units: nanoseconds inside; base is 1 ns or
/// more, max at least the base. Pure: the draw comes from the source that is passed in.
/// Cost: a draw, about 2 ns.
public struct Backoff: Sendable, Hashable {
  @usableFromInline let baseNanoseconds: Int64
  @usableFromInline let maxNanoseconds: Int64

  /// `base` is held at 1 ns or above, `max` at `base` or above.
  public init(base: Duration = .milliseconds(25), max: Duration = .milliseconds(250)) {
    baseNanoseconds = Swift.max(1, base.nanosecondsClamped)
    maxNanoseconds = Swift.max(baseNanoseconds, max.nanosecondsClamped)
  }

  /// The bound before the first retry.
  public var base: Duration { .nanoseconds(baseNanoseconds) }
  /// What the bound never goes above.
  public var max: Duration { .nanoseconds(maxNanoseconds) }

  /// The bound before the `retry`-th retry, counted from 1; the wait is shorter than it.
  @inlinable
  package func boundNanoseconds(retry: Int) -> Int64 {
    let doublings = Swift.min(Swift.max(retry, 1) - 1, 62)
    if baseNanoseconds > maxNanoseconds >> Int64(doublings) { return maxNanoseconds }
    return baseNanoseconds << Int64(doublings)
  }

  @inlinable
  package func nanoseconds(retry: Int, random: inout RandomSource) -> Int64 {
    let bound = UInt64(boundNanoseconds(retry: retry))
    return Int64(random.next().multipliedFullWidth(by: bound).high)
  }
}
