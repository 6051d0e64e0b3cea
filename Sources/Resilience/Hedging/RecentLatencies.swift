import Primitives

/// How long what was done lately took, for people: counts of the last 15 to 30 s.
///
/// Two halves of `halfNanoseconds` each: the one that is written, and the one before it. Why not
/// `LatencyDigest`: this one is written for every attempt at every endpoint, and nothing is decided by
/// it. A percentile is within 4.4 % of the sample of its rank. Cost: a record is an addition; 1.7 KB,
/// allocated with the first.
@usableFromInline
package struct RecentLatencies: Sendable {
  @usableFromInline static let halfNanoseconds: Int64 = 15_000_000_000
  /// Eight buckets for each doubling.
  @usableFromInline static let count = LatencyBuckets.count / 2

  /// The half that is written, then the other.
  @usableFromInline var counts: [UInt32] = []
  /// Where the half that is written begins.
  @usableFromInline var start = 0
  @usableFromInline var endsAt = Instant(nanoseconds: .min)

  package init() {}

  /// Where `LatencyDigest` and this count a time.
  @inlinable
  package static func bucket(_ nanoseconds: Int64) -> Int { LatencyBuckets.index(nanoseconds) }

  /// `bucket`: what `bucket(_:)` answers.
  @inlinable
  package mutating func record(bucket: Int, now: Instant) {
    if now >= endsAt { turn(now) }
    counts[start &+ bucket >> 1] &+= 1
  }

  /// The half that is written is over.
  @usableFromInline
  mutating func turn(_ now: Instant) {
    let isRecent =
      endsAt.nanoseconds != .min && now.nanoseconds(since: endsAt) < Self.halfNanoseconds
    if counts.isEmpty || !isRecent {
      counts = Array(repeating: 0, count: 2 * Self.count)
    } else {
      start = start == 0 ? Self.count : 0
      for index in start..<start + Self.count { counts[index] = 0 }
    }
    endsAt = now.advanced(byNanoseconds: Self.halfNanoseconds)
  }

  /// Adds what another has counted lately. Percentiles are all that is asked of the sum.
  package mutating func add(_ other: RecentLatencies, now: Instant) {
    if now >= endsAt { turn(now) }
    guard !other.counts.isEmpty else { return }
    let age = now.nanoseconds(since: other.endsAt)
    guard age < Self.halfNanoseconds else { return }
    for index in 0..<Self.count {
      counts[start + index] &+= other.counts[other.start + index]
      // What was written before it is too old by now where the other has not turned.
      guard age < 0 else { continue }
      counts[start + index] &+= other.counts[(Self.count - other.start) + index]
    }
  }

  /// Nanoseconds that `share` of what was counted lately did not exceed; nil: there was nothing.
  package func nanoseconds(at share: Share, now: Instant) -> Int64? {
    var sum = RecentLatencies()
    sum.add(self, now: now)
    let half = sum.counts[sum.start..<sum.start + Self.count]
    let total = half.reduce(UInt64(0)) { $0 + UInt64($1) }
    guard total > 0 else { return nil }
    let rank = max(1, (total * UInt64(share.basisPoints) + 9999) / 10_000)
    var seen: UInt64 = 0
    for (index, count) in half.enumerated() where count > 0 {
      seen += UInt64(count)
      // Between its two finer buckets.
      if seen >= rank { return LatencyBuckets.lowerBound(2 * index + 1) }
    }
    return nil
  }
}
