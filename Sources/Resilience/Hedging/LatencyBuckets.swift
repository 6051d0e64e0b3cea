/// Where a latency is counted: sixteen buckets for each doubling, from 1.02 µs to 68.7 s.
///
/// Why: the middle of a bucket is within 1/32 (3.2 %) of everything in it, at any scale, with a
/// shift and an addition (HdrHistogram's layout). What lies outside is counted at the ends.
/// Units: nanoseconds.
@usableFromInline
enum LatencyBuckets {
  /// 2^10 ns.
  @usableFromInline static let exponentMin = 10
  /// 2^36 ns.
  @usableFromInline static let exponentMax = 36
  @usableFromInline static let count = (exponentMax - exponentMin) * 16

  @inlinable
  static func index(_ nanoseconds: Int64) -> Int {
    if nanoseconds < 1 << exponentMin { return 0 }
    if nanoseconds >= 1 << exponentMax { return count - 1 }
    let exponent = 63 - nanoseconds.leadingZeroBitCount
    let step = Int(truncatingIfNeeded: nanoseconds >> Int64(exponent - 4)) & 15
    return (exponent - exponentMin) &* 16 &+ step
  }

  /// The least that is counted at `index`.
  @inlinable
  static func lowerBound(_ index: Int) -> Int64 {
    (16 + Int64(index & 15)) << Int64(index >> 4 + exponentMin - 4)
  }

  @inlinable
  static func middle(_ index: Int) -> Int64 {
    lowerBound(index) + 1 << Int64(index >> 4 + exponentMin - 5)
  }
}
