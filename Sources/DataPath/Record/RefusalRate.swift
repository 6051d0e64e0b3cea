import Primitives

/// How many refusals a second are kept to be explained.
///
/// Why: an open breaker under load refuses thousands a second, all alike. Each that is kept pushes an
/// exchange out of the ring that would have told more, and costs as much as the refusal itself.
/// A value. Confinement: its owner.
struct RefusalRate {
  /// An eighth of the ring's default size.
  private static let perSecondMax = 32
  private static let second: Int64 = 1_000_000_000
  private var began = Instant(nanoseconds: 0)
  private var count = 0

  /// Takes a place of this second; false: it has had its share.
  mutating func takes(now: Instant) -> Bool {
    if now.nanoseconds(since: began) >= Self.second {
      began = now
      count = 0
    }
    count += 1
    return count <= Self.perSecondMax
  }
}
