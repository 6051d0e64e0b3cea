/// A metric's name and what is common to its series. Cheap to copy; made by `MetricRegistry`.
package struct MetricFamily: Sendable {
  package enum Kind: Sendable, Equatable {
    case counter
    case gauge
    /// Upper bounds in nanoseconds, ascending; shown in seconds.
    case histogram([UInt64])
  }

  let number: Int
}

extension MetricFamily.Kind {
  /// Places that one series takes in a shard: a histogram has its buckets, the one above them and
  /// the sum.
  var slotCount: Int {
    if case .histogram(let bounds) = self { bounds.count + 2 } else { 1 }
  }
}
