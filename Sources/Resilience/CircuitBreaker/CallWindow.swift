import Primitives

/// Counts of the latest calls: of those of a time, in ten buckets, or of so many.
///
/// Why ten buckets: a window that slides call by call keeps a time a call; with tenths the oldest
/// tenth leaves at once and memory does not grow with traffic (Linkerd's and Hystrix's shape).
/// Cost: an addition to a bucket and to the total; no allocation after `init`; 136 bytes and, for a
/// window of calls, one byte a call.
struct CallWindow: Sendable {
  private static let bucketCount = 10

  struct Counts: Sendable, Equatable {
    var calls: UInt32 = 0
    var failures: UInt32 = 0
    var slow: UInt32 = 0

    mutating func add(isFailure: Bool, isSlow: Bool) {
      calls &+= 1
      if isFailure { failures &+= 1 }
      if isSlow { slow &+= 1 }
    }

    mutating func subtract(_ other: Counts) {
      calls &-= other.calls
      failures &-= other.failures
      slow &-= other.slow
    }
  }

  private(set) var total = Counts()
  private var buckets = InlineArray<10, Counts>(repeating: Counts())
  private var bucket = 0
  /// When the current bucket ends; `.min`: nothing was counted yet.
  private var bucketEnd: Int64 = .min
  /// Nanoseconds; 0: a window of calls.
  private let bucketWidth: Int64
  /// One a call: bit 0 a failure, bit 1 slow.
  private var marks: [UInt8] = []
  private var next = 0

  init(_ window: CircuitBreakerPolicy.Window) {
    switch window {
    case .time(let duration):
      let nanoseconds = duration.nanosecondsClamped
      bucketWidth = min(max(nanoseconds, 10_000_000), 3_600_000_000_000) / Int64(Self.bucketCount)
    case .calls(let count):
      bucketWidth = 0
      marks = Array(repeating: 0, count: min(max(count, 1), 65_536))
    }
  }

  /// The most calls it holds; nil: as many as come.
  var capacity: Int? { bucketWidth == 0 ? marks.count : nil }

  mutating func add(isFailure: Bool, isSlow: Bool, now: Int64) {
    if bucketWidth == 0 {
      replaceOldest(by: (isFailure ? 1 : 0) | (isSlow ? 2 : 0))
    } else {
      if now >= bucketEnd { advance(to: now) }
      buckets[bucket].add(isFailure: isFailure, isSlow: isSlow)
    }
    total.add(isFailure: isFailure, isSlow: isSlow)
  }

  /// A call that was counted as no failure at `time` has failed after all. One that has left the
  /// window meanwhile is counted anew, as a call of now.
  mutating func turnIntoFailure(countedAt time: Int64, now: Int64) {
    if bucketWidth == 0 {
      if !markNewestAsFailure() { add(isFailure: true, isSlow: false, now: now) }
      return
    }
    advance(to: now)
    let age = bucketEnd == .min ? .max : max(bucketEnd - 1 - time, 0) / bucketWidth
    // Clocks of threads differ a little: it may stand in a later bucket than `time` says.
    for back in stride(from: Int(min(age, Int64(Self.bucketCount))), through: 0, by: -1) {
      let index = (bucket + Self.bucketCount - back) % Self.bucketCount
      guard age < Self.bucketCount, buckets[index].failures < buckets[index].calls else { continue }
      buckets[index].failures += 1
      total.failures += 1
      return
    }
    add(isFailure: true, isSlow: false, now: now)
  }

  /// Which one of those that were no failures it was makes no difference to the counts.
  private mutating func markNewestAsFailure() -> Bool {
    var index = next
    for _ in 0..<Int(total.calls) {
      index = index == 0 ? marks.count - 1 : index - 1
      guard marks[index] & 1 == 0 else { continue }
      marks[index] |= 1
      total.failures += 1
      return true
    }
    return false
  }

  /// Drops what is too old at `now`. An earlier `now` than the last changes nothing.
  mutating func advance(to now: Int64) {
    guard bucketWidth > 0, now >= bucketEnd else { return }
    let (end, overflow) = (now - now % bucketWidth).addingReportingOverflow(bucketWidth)
    if bucketEnd == .min {
      bucketEnd = overflow ? .max : end
      return
    }
    let steps = overflow ? Int64(Self.bucketCount) : (end - bucketEnd) / bucketWidth
    for _ in 0..<min(steps, Int64(Self.bucketCount)) {
      bucket = bucket == Self.bucketCount - 1 ? 0 : bucket + 1
      total.subtract(buckets[bucket])
      buckets[bucket] = Counts()
    }
    bucketEnd = overflow ? .max : end
  }

  mutating func removeAll() {
    total = Counts()
    buckets = InlineArray(repeating: Counts())
    bucket = 0
    bucketEnd = .min
    next = 0
  }

  private mutating func replaceOldest(by mark: UInt8) {
    if Int(total.calls) == marks.count {
      let old = marks[next]
      total.subtract(Counts(calls: 1, failures: UInt32(old & 1), slow: UInt32(old >> 1)))
    }
    marks[next] = mark
    next = next + 1 == marks.count ? 0 : next + 1
  }
}
