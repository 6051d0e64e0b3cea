/// Counts of durations in buckets that grow by a quarter octave, for a median.
///
/// Why not the mean: a single call that hung would carry it. Range: 1 ms to 68 s; shorter ones
/// share the first bucket, longer ones the last. Error: a median is its bucket's middle, within
/// 13 %. Cost: 256 bytes; a count of leading zeroes and an addition.
struct LatencyHistogram: Sendable {
  private static let firstBit = 20
  private var counts = InlineArray<64, UInt32>(repeating: 0)
  private(set) var total: UInt32 = 0

  mutating func add(_ nanoseconds: Int64) {
    counts[Self.bucket(nanoseconds)] &+= 1
    total &+= 1
  }

  /// Adds a duration that was cut short at `nanoseconds`. One below the median may have become
  /// anything, and is left out.
  mutating func add(atLeast nanoseconds: Int64) {
    if total == 0 || Self.bucket(nanoseconds) >= Self.bucket(median) { add(nanoseconds) }
  }

  mutating func removeAll() {
    guard total > 0 else { return }
    counts = InlineArray(repeating: 0)
    total = 0
  }

  /// Nanoseconds; the lower one of two in the middle; 0 without any.
  var median: Int64 {
    guard total > 0 else { return 0 }
    let rank = (total + 1) / 2
    var seen: UInt32 = 0
    for bucket in 0..<64 {
      seen += counts[bucket]
      if seen >= rank { return Self.middle(bucket) }
    }
    return Self.middle(63)
  }

  static func bucket(_ nanoseconds: Int64) -> Int {
    guard nanoseconds >> firstBit > 0 else { return 0 }
    let bit = 63 - nanoseconds.leadingZeroBitCount
    let quarter = Int(truncatingIfNeeded: nanoseconds >> (bit - 2)) & 3
    return min((bit - firstBit) * 4 + quarter, 63)
  }

  private static func middle(_ bucket: Int) -> Int64 {
    let quarter = Int64(1) << (firstBit + bucket / 4 - 2)
    return quarter * Int64(4 + bucket % 4) + quarter / 2
  }
}
