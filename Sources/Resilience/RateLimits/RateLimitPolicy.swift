import Primitives

/// A rate with a burst: `requests` each `period`, up to `burst` at once.
///
/// Ranges: requests and burst 1...1,000,000, period 1 ms...1 h; others are held at the ends. In these
/// the bucket's integers cannot overflow. The burst is the rate's count unless it is given, as in
/// Envoy's `max_tokens` = `tokens_per_fill`; there is no default rate, nobody else knows it.
public struct RateLimitPolicy: Sendable, Hashable {
  /// How many, each `period`.
  public let requests: Int
  /// In which so many come back.
  public let period: Duration
  /// How many at once after a rest.
  public let burst: Int
  /// requests / period in lowest terms: each nanosecond brings `gain`, a request costs `price`.
  @usableFromInline let gain: Int64
  @usableFromInline let price: Int64
  @usableFromInline let capacity: Int64
  /// After this long any bucket is full.
  @usableFromInline package let fillNanoseconds: Int64

  /// - Parameters:
  ///   - requests: 1...1,000,000.
  ///   - period: 1 ms...1 h.
  ///   - burst: 1...1,000,000; nil: as many as `requests`.
  public init(requests: Int, per period: Duration = .seconds(1), burst: Int? = nil) {
    let requests = min(max(requests, 1), 1_000_000)
    let nanoseconds = min(max(period.nanosecondsClamped, 1_000_000), 3_600_000_000_000)
    self.requests = requests
    self.period = .nanoseconds(nanoseconds)
    self.burst = min(max(burst ?? requests, 1), 1_000_000)
    let divisor = Self.greatestDivisor(Int64(requests), nanoseconds)
    gain = Int64(requests) / divisor
    price = nanoseconds / divisor
    capacity = Int64(self.burst) * price
    fillNanoseconds = (capacity + gain - 1) / gain
  }

  private static func greatestDivisor(_ left: Int64, _ right: Int64) -> Int64 {
    right == 0 ? left : greatestDivisor(right, left % right)
  }
}
