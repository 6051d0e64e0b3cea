import Histogram

/// How long requests took in the last five seconds: one histogram a second, the oldest emptied
/// first.
struct DemoLatencies {
  private static let seconds = 5
  private var perSecond: [Histogram<UInt32>] = []
  private var current = 0

  init() {
    for _ in 0..<Self.seconds { perSecond.append(Self.empty) }
  }

  /// Microseconds, up to a minute.
  private static var empty: Histogram<UInt32> {
    Histogram(highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: .two)
  }

  mutating func record(microseconds: UInt64) {
    perSecond[current].record(microseconds)
  }

  /// Ends a second.
  mutating func turn() {
    current = (current + 1) % Self.seconds
    perSecond[current] = Self.empty
  }

  /// Microseconds below which `percent` of the answers came; nil where there were none.
  func percentile(_ percent: Double) -> UInt64? {
    var sum = Self.empty
    for second in perSecond {
      for entry in second.recordedValues() {
        sum.record(entry.value, count: UInt32(entry.count))
      }
    }
    return sum.totalCount == 0 ? nil : sum.valueAtPercentile(percent)
  }
}
