import Primitives

/// The bounds and the pace of an adaptive limit on requests in flight.
///
/// Defaults, where not said otherwise, are those of Envoy's gradient controller: limit 3...1000,
/// buffer 25 %, median, an update each 100 ms. Initially 20 (Netflix's Gradient2): Envoy begins with
/// 3, which refuses real traffic at each start.
public struct ConcurrencyPolicy: Sendable, Hashable {
  /// The limit never goes below. Default 3. Range: 1...1,000,000.
  public var minimum: Int
  /// The limit never goes above. Default 1000. Range: `minimum`...1,000,000.
  public var maximum: Int
  /// The limit before anything is known. Default 20. Range: `minimum`...`maximum`.
  public var initial: Int
  /// Which of an interval's latencies stands for it.
  public var percentile: Share
  /// By how much latency may exceed the minimum before the limit shrinks.
  public var buffer: Share
  /// How often the limit is looked at again. Default 100 ms. Range: 1 ns and above.
  public var interval: Duration { .nanoseconds(intervalNanoseconds) }
  /// Fewer samples than this extend an interval. Default 10: the median of fewer jumps about.
  public var samplesMin: Int
  /// For how long a minimum is believed. Default 60 s: Netflix's long window (600 samples of 100 ms).
  public var window: Duration { .nanoseconds(windowNanoseconds) }
  let intervalNanoseconds: Int64
  let windowNanoseconds: Int64

  /// `minimum` is held at 1 or above, `maximum` within `minimum`...1,000,000.
  public init(
    minimum: Int = 3, maximum: Int = 1000, initial: Int = 20, percentile: Share = .percent(50),
    buffer: Share = .percent(25), interval: Duration = .milliseconds(100), samplesMin: Int = 10,
    window: Duration = .seconds(60)
  ) {
    self.minimum = min(max(1, minimum), 1_000_000)
    self.maximum = min(max(self.minimum, maximum), 1_000_000)
    self.initial = min(max(initial, self.minimum), self.maximum)
    self.percentile = percentile
    self.buffer = buffer
    self.samplesMin = max(1, samplesMin)
    intervalNanoseconds = max(1, interval.nanosecondsClamped)
    windowNanoseconds = max(intervalNanoseconds, window.nanosecondsClamped)
  }
}
