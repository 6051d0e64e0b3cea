import Primitives
import Resilience

@testable import Simulation

/// A service of `servers` that serve one request each at a time, in order, and a limiter in front;
/// virtual time, no sockets. Arrivals come at a mean rate with exponential gaps.
struct SimulatedQueue {
  /// The times that services take, all of mean 1.
  enum Times: Sendable, CaseIterable {
    case constant, exponential, lognormal

    var distribution: Distribution {
      switch self {
      case .constant: .constant(1)
      case .exponential: .exponential(mean: 1)
      // A 99th percentile of ten times the median, and a deviation of 1.3 times the mean.
      case .lognormal: .lognormal(location: -0.5, scale: 1)
      }
    }
  }

  /// The whole service stands still for `length`, once in each `every`; nanoseconds.
  struct Pauses: Sendable {
    var every: Double
    var length: Double
  }

  var servers: Int
  /// Nanoseconds.
  var serviceMean: Double
  var arrivalsPerSecond: Double
  var times = Times.constant
  var pauses: Pauses?
  /// How many of the successes are failures after all, at the time they end.
  var outcome: (inout RandomSource) -> Outcome = { _ in .success }
  let limiter: ConcurrencyLimiter
  private(set) var now = 0.0
  private var random: RandomSource
  private var queue: [(arrived: Double, work: Double)] = []
  private var head = 0
  private var ends = EndHeap()
  private var nextArrival = 0.0

  struct Report {
    var served = 0
    var refused = 0
    var seconds = 0.0
    /// Nanoseconds of work that was done, over all servers.
    var work = 0.0
    var limitSum = 0.0
    var limitMin = Int.max
    var latencySum = 0.0
    var loss: Double { Double(refused) / Double(max(1, served + refused)) }
    var limitMean: Double { limitSum / Double(max(1, served + refused)) }
    /// Nanoseconds.
    var latencyMean: Double { latencySum / Double(max(1, served)) }
  }

  init(
    seed: UInt64, servers: Int, serviceMean: Double, arrivalsPerSecond: Double,
    times: Times = .constant, policy: ConcurrencyPolicy = ConcurrencyPolicy()
  ) {
    random = RandomSource(seed: seed)
    self.servers = servers
    self.serviceMean = serviceMean
    self.arrivalsPerSecond = arrivalsPerSecond
    self.times = times
    limiter = ConcurrencyLimiter(policy: policy)
  }

  /// The share of all servers' time in which they worked. Exact, where the throughput also says what
  /// luck the drawn times were.
  func busyShare(_ report: Report) -> Double {
    report.work / (report.seconds * 1e9 * Double(servers))
  }

  /// Runs for so many seconds of virtual time.
  mutating func run(seconds: Double) -> Report {
    var report = Report()
    report.seconds = seconds
    let end = now + seconds * 1e9
    while true {
      if let first = ends.first, first.time <= nextArrival {
        if first.time >= end { break }
        leave(&report)
      } else {
        if nextArrival >= end { break }
        now = nextArrival
        arrive(&report)
      }
    }
    now = end
    return report
  }

  private mutating func leave(_ report: inout Report) {
    let done = ends.removeFirst()
    now = done.time
    limiter.release(
      nanoseconds: Int64(now - done.arrived), outcome: outcome(&random),
      now: Instant(nanoseconds: Int64(now)))
    report.served += 1
    report.work += done.work
    report.latencySum += now - done.arrived
    while ends.count < servers, head < queue.count {
      start(queue[head].arrived, queue[head].work)
      head += 1
    }
    if head == queue.count {
      queue.removeAll(keepingCapacity: true)
      head = 0
    }
  }

  private mutating func arrive(_ report: inout Report) {
    nextArrival = now + random.exponential() / arrivalsPerSecond * 1e9
    report.limitSum += Double(limiter.limit)
    report.limitMin = min(report.limitMin, limiter.limit)
    guard limiter.acquire() else {
      report.refused += 1
      return
    }
    let work = serviceMean * times.distribution.draw(&random)
    if ends.count < servers, queue.isEmpty {
      start(now, work)
    } else {
      queue.append((now, work))
    }
  }

  private mutating func start(_ arrived: Double, _ work: Double) {
    var end = now + work
    if let pauses {
      let since = end.truncatingRemainder(dividingBy: pauses.every)
      if since < pauses.length { end += pauses.length - since }
    }
    ends.insert(EndHeap.End(time: end, arrived: arrived, work: work))
  }
}
