import Primitives
import Resilience

/// A service of `servers` that serve one request each at a time, in order, and a limiter in front;
/// virtual time, no sockets.
///
/// Arrivals come at a mean rate with exponential gaps; service times are drawn around `serviceMean`.
struct SimulatedQueue {
  var servers: Int
  var serviceMean: Double
  var arrivalsPerSecond: Double
  let limiter: ConcurrencyLimiter
  var now = 0.0
  private var random: RandomSource
  /// When each server is free, in nanoseconds.
  private var freeAt: [Double]
  /// Ends of what is in flight, each with its beginning; the earliest end is last.
  private var running: [(end: Double, began: Double)] = []
  private var nextArrival = 0.0

  struct Report {
    var served = 0
    var refused = 0
    var limitSum = 0.0
    var limitMin = Int.max
    var latencySum = 0.0
    var seconds = 0.0
    var limitMean: Double { limitSum / Double(served + refused) }
    var throughput: Double { Double(served) / seconds }
    var latencyMean: Double { latencySum / Double(max(1, served)) }
  }

  init(
    seed: UInt64, servers: Int, serviceMean: Double, arrivalsPerSecond: Double,
    policy: ConcurrencyPolicy = ConcurrencyPolicy()
  ) {
    random = RandomSource(seed: seed)
    self.servers = servers
    self.serviceMean = serviceMean
    self.arrivalsPerSecond = arrivalsPerSecond
    limiter = ConcurrencyLimiter(policy: policy)
    freeAt = Array(repeating: 0, count: servers)
  }

  private mutating func unit() -> Double { Double(random.next() >> 11) / 9_007_199_254_740_992 }

  /// Runs for so many seconds of virtual time.
  mutating func run(seconds: Double) -> Report {
    var report = Report()
    report.seconds = seconds
    let end = now + seconds * 1e9
    while true {
      if let first = running.last, first.end <= nextArrival {
        if first.end >= end { break }
        now = first.end
        running.removeLast()
        let latency = now - first.began
        limiter.release(
          nanoseconds: Int64(latency), outcome: .success, now: Instant(nanoseconds: Int64(now)))
        report.served += 1
        report.latencySum += latency
      } else {
        if nextArrival >= end { break }
        now = nextArrival
        arrive(&report)
      }
    }
    now = end
    return report
  }

  private mutating func arrive(_ report: inout Report) {
    nextArrival = now - Double.logarithm(1 - unit()) / arrivalsPerSecond * 1e9
    report.limitSum += Double(limiter.limit)
    report.limitMin = min(report.limitMin, limiter.limit)
    guard limiter.acquire() else {
      report.refused += 1
      return
    }
    var server = 0
    var index = 1
    while index < servers {
      if freeAt[index] < freeAt[server] { server = index }
      index += 1
    }
    let end = max(now, freeAt[server]) + serviceMean * (0.8 + 0.4 * unit())
    freeAt[server] = end
    var place = 0
    while place < running.count, running[place].end > end { place += 1 }
    running.insert((end, now), at: place)
  }
}

extension Double {
  /// The natural logarithm of 0 < x ≤ 1, without a C library: x = m × 2^e, and the series of
  /// ln m = 2 artanh((m - 1) / (m + 1)).
  static func logarithm(_ value: Double) -> Double {
    let ratio = (value.significand - 1) / (value.significand + 1)
    var sum = 0.0
    var power = ratio
    for step in 0..<30 {
      sum += power / Double(2 * step + 1)
      power *= ratio * ratio
    }
    return 2 * sum + Double(value.exponent) * 0.693_147_180_559_945_3
  }
}
