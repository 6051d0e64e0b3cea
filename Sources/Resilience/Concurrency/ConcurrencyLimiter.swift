import Primitives
import Synchronization

/// An adaptive limit on requests in flight to an upstream, shared by all workers and tasks.
///
/// Exact: the limit and the count are one atomic word, so that a request is admitted only if the
/// count, this request included, is within the limit of that very instant. When the limit shrinks,
/// what is in flight stays; none is admitted until the count is below.
/// The limit comes from a `KneeLimit` behind a lock, taken once for each release.
/// Cost: acquire 6 ns, release 25 ns, uncontended; no allocation.
public final class ConcurrencyLimiter: Sendable {
  /// The limit above, the count below.
  @usableFromInline let word: Atomic<UInt64>
  /// Requests that the limit refused so far.
  @usableFromInline let refusals = Atomic<UInt64>(0)
  private let knee: Lock<KneeLimit>
  let timeline: Timeline
  /// What errors and figures call it; empty: nothing.
  public let name: String

  /// - Parameters:
  ///   - name: what errors call it; that of the service that is called.
  ///   - policy: the bounds and the pace of the limit.
  ///   - clock: what latencies are measured with; tests pass one that they turn by hand.
  public init(
    name: String = "", policy: ConcurrencyPolicy = ConcurrencyPolicy(),
    clock: some Clock<Duration> = ContinuousClock()
  ) {
    self.name = name
    word = Atomic(UInt64(policy.initial) << 32)
    knee = Lock(KneeLimit(policy: policy))
    timeline = Timeline(clock)
  }

  /// The bounds and the pace of the limit.
  public var policy: ConcurrencyPolicy { knee.withLock { $0.policy } }

  /// How many calls may be under way now.
  public var limit: Int { Int(word.load(ordering: .relaxed) >> 32) }
  /// How many are.
  public var inFlight: Int { Int(word.load(ordering: .relaxed) & 0xFFFF_FFFF) }

  /// Calls that the limit has refused so far.
  public var refused: Int { Int(clamping: refusals.load(ordering: .relaxed)) }

  /// Takes a place, if the count is below `ceiling` of the limit, rounded up. Each true is paid
  /// back by one `release`. A class of requests that may fill only a part of the limit
  /// (`PriorityShedder`) brings that part.
  @inlinable
  package func acquire(_ ceiling: Share = .all) -> Bool {
    let part = UInt64(ceiling.basisPoints)
    var seen = word.load(ordering: .relaxed)
    while true {
      let allowed = (seen >> 32 &* part &+ 9_999) / 10_000
      if seen & 0xFFFF_FFFF >= allowed {
        refusals.wrappingAdd(1, ordering: .relaxed)
        return false
      }
      let (isExchanged, original) = word.weakCompareExchange(
        expected: seen, desired: seen &+ 1, ordering: .relaxed)
      if isExchanged { return true }
      seen = original
    }
  }

  /// Gives a place back, which was held for `nanoseconds`. Precondition: an `acquire` that returned
  /// true. A request that says nothing of the service (`ignored`) and held its place for no time was
  /// not sent; one whose caller left brings the time until then.
  package func release(nanoseconds: Int64, outcome: Outcome, now: Instant) {
    let before = word.wrappingSubtract(1, ordering: .relaxed).oldValue
    let inFlight = Int(before & 0xFFFF_FFFF)
    precondition(inFlight > 0, "a place was released that had not been acquired")
    if outcome == .ignored, nanoseconds <= 0 { return }
    let refused = refusals.load(ordering: .relaxed)
    knee.withLock { knee in
      let isChanged = knee.record(
        nanoseconds: nanoseconds, outcome: outcome, inFlight: inFlight, refused: refused, now: now)
      // Inside, so that of two changes the later one stays.
      if isChanged { set(limit: knee.limit) }
    }
  }

  /// Gives a place back whose call was cut before its answer, after `nanoseconds`: it would have
  /// taken at least as long. It is counted as a failure is, which is no goodput; one that the
  /// service had no time for, at 0, counts for nothing.
  package func release(atLeast nanoseconds: Int64, now: Instant) {
    release(
      nanoseconds: nanoseconds, outcome: nanoseconds > 0 ? .failure : .ignored, now: now)
  }

  private func set(limit: Int) {
    var seen = word.load(ordering: .relaxed)
    while true {
      let (isExchanged, original) = word.weakCompareExchange(
        expected: seen, desired: UInt64(limit) << 32 | seen & 0xFFFF_FFFF, ordering: .relaxed)
      if isExchanged { return }
      seen = original
    }
  }

  /// How long a call takes when it need not queue at the service, as it was last measured; zero
  /// before the limit was first full.
  public var unqueuedLatency: Duration {
    .nanoseconds(knee.withLock { $0.unqueuedNanoseconds })
  }
}
