import Primitives

/// The recent latencies of an upstream, as one worker sees them; answers for any quantile.
///
/// Why decaying counts: what was true a minute ago is no reason to hedge now. Each half-life all
/// counts are halved, so that a sample weighs half as much for each that passed since; they are
/// halved early too when they would grow over 2^31. A sample counts 256, so that halving keeps single
/// slow ones, which are all that a high quantile has.
/// Bounds: a quantile is within 3.2 % of the sample of its rank, plus what rounding in eight
/// halvings forgets. Reading `cachedNanoseconds` is O(1): it is refreshed each 64 samples.
/// Default half-life 10 s: the decay of Linkerd's and Finagle's latency averages.
/// Cost: record about 7 ns, the scan of every 64th included; 1.7 KB, one allocation. Confinement: one worker.
@usableFromInline package struct LatencyDigest: Sendable {
  @usableFromInline static let sampleWeight: UInt32 = 256
  @usableFromInline static let refreshSamples: UInt32 = 64

  @usableFromInline var counts: [UInt32]
  @usableFromInline var total: UInt64 = 0
  @usableFromInline var untilRefresh: UInt32 = 1
  @usableFromInline var halvedAt: Instant?
  @usableFromInline let halfLifeNanoseconds: Int64
  @usableFromInline let cachedShare: Share
  /// The cached quantile; 0 until there is a sample.
  @usableFromInline package var cachedNanoseconds: Int64 = 0
  /// The least latency that is remembered, rounded down; nil until there is a sample.
  @usableFromInline package var fastestNanoseconds: Int64?

  /// - Parameter quantile: the one that is cached.
  package init(quantile: Share = .percent(95), halfLife: Duration = .seconds(10)) {
    counts = Array(repeating: 0, count: LatencyBuckets.count)
    cachedShare = quantile
    halfLifeNanoseconds = max(1, halfLife.nanosecondsClamped)
  }

  /// How many samples what is remembered weighs.
  @inlinable package var samples: Int { Int(total / UInt64(Self.sampleWeight)) }

  @inlinable
  package mutating func record(nanoseconds: Int64, now: Instant) {
    record(bucket: LatencyBuckets.index(nanoseconds), now: now)
  }

  /// `bucket`: `RecentLatencies.bucket` of the time, where both are told of it.
  @inlinable
  package mutating func record(bucket: Int, now: Instant) {
    if let halvedAt {
      let elapsed = now.nanoseconds(since: halvedAt)
      if elapsed >= halfLifeNanoseconds { decay(elapsed: elapsed, now: now) }
    } else {
      halvedAt = now
    }
    counts[bucket] += Self.sampleWeight
    total += UInt64(Self.sampleWeight)
    if total >= 1 << 31 { halve(times: 1) }
    untilRefresh -= 1
    if untilRefresh == 0 { refresh() }
  }

  /// Records an attempt that was cut at `nanoseconds`, before its answer: the least that it would
  /// have taken. One that was cut before the cached quantile may have become anything, and is left
  /// out.
  package mutating func record(atLeast nanoseconds: Int64, now: Instant) {
    if nanoseconds >= cachedNanoseconds { record(nanoseconds: nanoseconds, now: now) }
  }

  /// Takes back what was recorded of an answer that broke off, as far as it is still remembered.
  package mutating func takeBack(nanoseconds: Int64) {
    let index = LatencyBuckets.index(nanoseconds)
    let weight = min(counts[index], Self.sampleWeight)
    counts[index] -= weight
    total -= UInt64(weight)
  }

  /// `fastestNanoseconds`, unless nothing has been recorded for a half-life or two: what refuses by
  /// it brings no samples, and would go by the old ones for ever.
  package func fastestNanoseconds(now: Instant) -> Int64? {
    guard let halvedAt, now.nanoseconds(since: halvedAt) / 2 < halfLifeNanoseconds else {
      return nil
    }
    return fastestNanoseconds
  }

  /// The latency that `share` of the samples did not exceed; nil without samples. O(buckets).
  package func nanoseconds(at share: Share) -> Int64? {
    guard total > 0 else { return nil }
    // The rank is rounded up: the least value with at least that share at or below it.
    let rank = max(1, (total * UInt64(share.basisPoints) + 9999) / 10_000)
    var seen: UInt64 = 0
    for (index, count) in counts.enumerated() where count > 0 {
      seen += UInt64(count)
      if seen >= rank { return LatencyBuckets.middle(index) }
    }
    return nil
  }

  @usableFromInline
  mutating func refresh() {
    // The first samples are looked at one by one: a cache of one sample would stand for 64.
    untilRefresh = total < UInt64(Self.refreshSamples * Self.sampleWeight) ? 1 : Self.refreshSamples
    cachedNanoseconds = nanoseconds(at: cachedShare) ?? 0
    fastestNanoseconds = counts.firstIndex { $0 > 0 }.map(LatencyBuckets.lowerBound)
  }

  @usableFromInline
  mutating func decay(elapsed: Int64, now: Instant) {
    let halvings = elapsed / halfLifeNanoseconds
    halvedAt = now.advanced(byNanoseconds: -(elapsed % halfLifeNanoseconds))
    halve(times: Int(min(halvings, 31)))
    untilRefresh = 1
  }

  @usableFromInline
  mutating func halve(times: Int) {
    total = 0
    for index in counts.indices {
      let count = counts[index] >> UInt32(times)
      counts[index] = count
      total += UInt64(count)
    }
  }
}
