import Primitives

/// When a second attempt is sent while the first still runs; the first to answer wins.
///
/// Why: the slowest few percent of calls are slow by bad luck (a pause, a queue, a lost packet) that
/// another endpoint does not share. Sent after the 95th percentile, hedges add about 5 % of load
/// and cut the tail (Dean and Barroso, "The Tail at Scale", 2013). A budget bounds them when
/// everything becomes slow. Only idempotent requests, at most one hedge each.
/// Defaults: 95 % and 5 % from the paper; a floor of 1 hedge, so that a quiet upstream has it too;
/// at least 1 ms after the first (Finagle's `BackupRequestFilter`); no hedge until 100 samples,
/// because a 95th percentile of fewer rests on less than five of them.
public struct HedgePolicy: Sendable, Hashable {
  /// The first attempt is left alone for as long as this part of the latencies took.
  public var percentile: Share
  /// Hedges under way, as a share of active requests.
  public var budget: Share
  /// Hedges that may be under way however few requests are. Range: 0 and above.
  public var budgetMinimum: Int
  /// Latencies that must be known before anything is hedged. Range: 1 and above.
  public var samplesMin: Int
  /// No hedge sooner after its first attempt. Range: 0 and above.
  public var minimumDelay: Duration { .nanoseconds(minimumDelayNanoseconds) }
  @usableFromInline let minimumDelayNanoseconds: Int64

  /// Values out of range are held at the ends of the range.
  public init(
    percentile: Share = .percent(95), minimumDelay: Duration = .milliseconds(1),
    samplesMin: Int = 100, budget: Share = .percent(5), budgetMinimum: Int = 1
  ) {
    self.percentile = percentile
    self.minimumDelayNanoseconds = max(0, minimumDelay.nanosecondsClamped)
    self.samplesMin = max(1, samplesMin)
    self.budget = budget
    self.budgetMinimum = max(0, budgetMinimum)
  }

  /// The digest that caches this policy's percentile.
  package func makeDigest() -> LatencyDigest { LatencyDigest(quantile: percentile) }

  /// The budget of hedges, apart from that of retries.
  package func makeBudget() -> RetryBudget { RetryBudget(ratio: budget, minimum: budgetMinimum) }

  /// How long the first attempt is left alone; nil: it is not hedged.
  @inlinable
  package func delay(_ digest: borrowing LatencyDigest, isIdempotent: Bool) -> Int64? {
    guard isIdempotent, digest.samples >= samplesMin else { return nil }
    return max(minimumDelayNanoseconds, digest.cachedNanoseconds)
  }
}
