import Primitives

/// One loop's share of all metric values; scraping adds the shards up.
///
/// Confinement: its loop. Cost: an addition; no allocation but when a series is new.
package final class MetricShard {
  private var counters = Counters()

  package init() {}

  /// A copy, to be added up elsewhere.
  package var values: [UInt64] { counters.all }

  /// Makes room for slots below `count`.
  package func reserve(_ count: Int) {
    counters.grow(to: count)
  }

  package func add(_ slot: Int, _ amount: UInt64 = 1) {
    counters[slot] &+= amount
  }

  /// For gauges: shards are summed as two's complement.
  package func subtract(_ slot: Int, _ amount: UInt64 = 1) {
    counters[slot] &-= amount
  }

  package func set(_ slot: Int, _ value: UInt64) {
    counters[slot] = value
  }

  /// Counts `nanoseconds` in the histogram at `slot`, whose bounds are `bounds`.
  package func observe(_ slot: Int, _ nanoseconds: Int64, bounds: [UInt64]) {
    let value = UInt64(max(nanoseconds, 0))
    var bucket = 0
    while bucket < bounds.count, value > bounds[bucket] { bucket += 1 }
    counters[slot + bucket] &+= 1
    counters[slot + bounds.count + 1] &+= value
  }
}
