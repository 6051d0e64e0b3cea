import Primitives

/// How often something may happen: some times at once, and once more in each interval.
///
/// A token bucket. Pure: `now` is passed in. Cost: O(1).
package struct Allowance: Sendable, Equatable {
  package struct Limit: Sendable, Equatable {
    package var most: Int
    package var nanosecondsEach: Int64

    package init(most: Int, nanosecondsEach: Int64) {
      self.most = most
      self.nanosecondsEach = nanosecondsEach
    }
  }

  private let limit: Limit
  private var left: Int
  private var countedAt: Instant?

  init(_ limit: Limit) {
    self.limit = limit
    left = limit.most
  }

  /// One more may happen; never above the limit.
  mutating func grant() { left = min(left + 1, limit.most) }

  /// It happens once; false: it happens too often.
  mutating func take(_ now: Instant) -> Bool {
    refill(now)
    guard left > 0 else { return false }
    left -= 1
    return true
  }

  private mutating func refill(_ now: Instant) {
    guard let before = countedAt, left < limit.most else {
      countedAt = now
      return
    }
    let passed = max(now.nanoseconds(since: before), 0) / limit.nanosecondsEach
    guard passed > 0 else { return }
    left = Int(min(Int64(limit.most), Int64(left) + passed))
    countedAt = before.advanced(byNanoseconds: passed * limit.nanosecondsEach)
  }
}
