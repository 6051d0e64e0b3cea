import Primitives

extension OutlierDetectorMachine {
  /// What is known of one endpoint.
  struct Member: Sendable {
    var isJoined = true
    var isHealthy = true
    var isEjected = false
    /// It should be ejected and is not, since nobody better would be left.
    var isFailing = false
    /// Until when it would be ejected.
    var failingUntil = Instant(nanoseconds: .min)
    /// Failures in a row, by kind.
    var row5xx = 0
    var rowGateway = 0
    var rowLocal = 0
    /// Attempts and successes of this interval.
    var calls: UInt32 = 0
    var successes: UInt32 = 0
    /// Service times of this interval's successes.
    var latencies = LatencyHistogram()
    /// Ejections that are not forgotten yet.
    var ejections = 0
    var ejectedUntil = Instant(nanoseconds: .min)
    /// Why it was ejected last.
    var cause = OutlierDetector.Cause.consecutive5xx
    var returnedAt = Instant(nanoseconds: .min)

    /// It may be asked, and nothing speaks against that.
    var isSound: Bool { isJoined && isHealthy && !isEjected && !isFailing }

    mutating func countSuccess(_ nanoseconds: Int64) {
      forgetRow()
      calls &+= 1
      successes &+= 1
      latencies.add(nanoseconds)
    }

    mutating func forgetRow() {
      row5xx = 0
      rowGateway = 0
      rowLocal = 0
    }

    mutating func forgetInterval() {
      calls = 0
      successes = 0
      latencies.removeAll()
    }
  }
}
