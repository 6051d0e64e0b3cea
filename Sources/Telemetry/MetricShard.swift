/// One loop's share of all metric values; scraping adds the shards up.
///
/// Confinement: its loop. Cost: an addition; no allocation but when a series is new.
package final class MetricShard {
  package private(set) var values: [UInt64] = []

  package init() {}

  /// Makes room for slots below `count`.
  package func reserve(_ count: Int) {
    if values.count < count {
      values.append(contentsOf: repeatElement(0, count: count - values.count))
    }
  }

  @inline(__always)
  package func add(_ slot: Int, _ amount: UInt64 = 1) {
    values[slot] &+= amount
  }

  /// For gauges: shards are summed as two's complement.
  @inline(__always)
  package func subtract(_ slot: Int, _ amount: UInt64 = 1) {
    values[slot] &-= amount
  }

  package func set(_ slot: Int, _ value: UInt64) {
    values[slot] = value
  }

  /// Counts `nanoseconds` in the histogram at `slot`, whose bounds are `bounds`.
  package func observe(_ slot: Int, _ nanoseconds: Int64, bounds: [UInt64]) {
    let value = UInt64(max(nanoseconds, 0))
    var bucket = 0
    while bucket < bounds.count, value > bounds[bucket] { bucket += 1 }
    values[slot + bucket] &+= 1
    values[slot + bounds.count + 1] &+= value
  }
}
