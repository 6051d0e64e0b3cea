import Primitives

/// The bounds and the pace of an adaptive limit on requests in flight.
///
/// Where a default names no peer, it is that of the search in docs/decisions/0016: constant,
/// exponential and lognormal service times, 10 to 10,000 requests a second, at half of the capacity
/// and at twice it.
public struct ConcurrencyPolicy: Sendable, Hashable {
  /// The limit never goes below, not even in a dip. Default 5: what keeps a service of one place busy
  /// for 97 % of the time under twice its load (M/M/1/5); Envoy's 3 does for 93 %. Range: 1...1,000,000.
  public var minimum: Int
  /// The limit never goes above. Default 10,000: at 10,000 requests a second of 60 ms, twice as many
  /// as there are room for, the limit stands at 1,600; Envoy's 1,000 would be below the 1,200 that the
  /// service carries. Range: `minimum`...1,000,000.
  public var maximum: Int
  /// The limit before anything is known. Default 50: it is multiplied while goodput follows, and a
  /// service that carries little has that many in its queue once. Range: `minimum`...`maximum`.
  public var initial: Int
  /// How far the limit stands above what the service carries. Default 25 %: Envoy's.
  public var buffer: Share
  /// How often the limit is looked at again. Default 100 ms: Envoy's. Range: 1 ns and above.
  public var interval: Duration { .nanoseconds(intervalNanoseconds) }
  /// Fewer samples than this extend an interval. Default 50: their goodput is within a seventh of the
  /// truth for exponential times.
  public var samplesMin: Int
  /// How often, while the limit is full, it is lowered for a moment to see what the service carries.
  /// Default 10 s: BBR's ProbeRTT (Cardwell et al., ACM Queue 2016).
  public var dipInterval: Duration { .nanoseconds(dipIntervalNanoseconds) }
  let intervalNanoseconds: Int64
  let dipIntervalNanoseconds: Int64

  /// `minimum` is held at 1 or above, `maximum` within `minimum`...1,000,000.
  public init(
    minimum: Int = 5, maximum: Int = 10_000, initial: Int = 50, buffer: Share = .percent(25),
    interval: Duration = .milliseconds(100), samplesMin: Int = 50,
    dipInterval: Duration = .seconds(10)
  ) {
    self.minimum = min(max(1, minimum), 1_000_000)
    self.maximum = min(max(self.minimum, maximum), 1_000_000)
    self.initial = min(max(initial, self.minimum), self.maximum)
    self.buffer = buffer
    self.samplesMin = max(1, samplesMin)
    intervalNanoseconds = max(1, interval.nanosecondsClamped)
    dipIntervalNanoseconds = max(intervalNanoseconds, dipInterval.nanosecondsClamped)
  }
}
