/// What one worker knows of how an endpoint does: requests in flight, and a latency average.
///
/// The average follows peaks at once and forgets them at the pace of `decay` (Finagle's Peak EWMA):
///
///     latency above the average:  average = latency
///     else:                       average = average × w + latency × (1 − w),  w = e^(−gap ÷ decay)
///     a failure:                  the second, with at least `failureLatency`
///     when read:                  average × w, so that who was slow is tried again
///
/// 32 bytes, so that a pick touches one line of memory per candidate. Nanoseconds.
struct EndpointLoad: Sendable {
  /// Below this a latency says nothing, and a product with it nothing either.
  private static let floor = 1000.0
  var average: Double
  var stamp: Int64
  var active: Int32 = 0
  var weight: UInt32
  /// The mean weight over its own: what a request in flight counts for.
  var burden: Float = 1

  init(average: Double, stamp: Int64, weight: UInt32) {
    self.average = average
    self.stamp = stamp
    self.weight = weight
  }

  /// `rate`: 1/decay in 1/ns.
  @inline(__always)
  func cost(now: Int64, rate: Double) -> Double {
    latency(now: now, rate: rate) * (1 + Double(active) * Double(burden))
  }

  /// With the share of its weight that an endpoint has which is new, over 0, at most 1.
  func cost(now: Int64, rate: Double, warmth: Double) -> Double {
    latency(now: now, rate: rate) * (1 + Double(active) * Double(burden) / warmth)
  }

  @inline(__always)
  func latency(now: Int64, rate: Double) -> Double {
    max(average * Decay.exponential(Double(now &- stamp) * rate), Self.floor)
  }

  @inline(__always)
  mutating func observe(_ latency: Double, isPeakTaken: Bool, now: Int64, rate: Double) {
    if isPeakTaken && latency > average {
      average = latency
    } else {
      let kept = Decay.exponential(Double(now &- stamp) * rate)
      average = average * kept + latency * (1 - kept)
    }
    stamp = now
  }
}
