import Primitives
import Reactor

/// The requests for one service of the demo, at an even rate, whether the service keeps up or not:
/// a client that waits for each answer would hide what a slow service does to the others.
///
/// Bounded: at most `lanesMax` at once; a request that would be one more is not sent, and counted
/// as failed. Confinement: its loop.
final class DemoTraffic {
  private static let lanesMax = 64
  /// A loop that was held up this long does not catch up.
  private static let arrearsMax: Duration = .milliseconds(500)

  private let requests: [DemoRequest]
  private let pause: Duration
  private let loop: EventLoop
  private let pool: BufferPool
  private let target: SocketAddress
  private var lanes: [DemoLane] = []
  private var idle: [DemoLane] = []
  private var pacer: Heartbeat?
  private var due: Instant
  private var count = 0
  private var hasStopped = false
  private(set) var latencies = DemoLatencies()
  /// Answers below 500.
  private(set) var successes = 0
  /// All others: by status, 0 for no answer at all.
  private(set) var failures: [Int: Int] = [:]
  /// What the second brought that `turn` ended last.
  private(set) var lastSecond = (successes: 0, failures: 0)
  private var before = (successes: 0, failures: 0)

  init(
    loop: EventLoop, pool: BufferPool, target: SocketAddress, service: DemoAnswer.Service
  ) throws(Errno) {
    requests = service.requests
    pause = .nanoseconds(1_000_000_000 / Int64(service.requestsPerSecond))
    self.loop = loop
    self.pool = pool
    self.target = target
    due = loop.now
    pacer = try Heartbeat(on: loop) { [unowned self] in beat() }
    pacer?.arm(at: due)
  }

  var failed: Int { failures.values.reduce(0, +) }

  /// Ends a second.
  func turn() {
    latencies.turn()
    lastSecond = (successes - before.successes, failed - before.failures)
    before = (successes, failed)
  }

  /// No request after this; the proxy need not wait for connections that carry none.
  func stop() {
    hasStopped = true
    for lane in idle { lane.close() }
  }

  func ended(_ lane: DemoLane, status: Int?, nanoseconds: Int64) {
    if hasStopped { lane.close() }
    idle.append(lane)
    if status != nil { latencies.record(microseconds: UInt64(max(nanoseconds, 0) / 1000)) }
    let known = status ?? 0
    if (1..<500).contains(known) { successes += 1 } else { failures[known, default: 0] += 1 }
  }

  private func beat() {
    guard !hasStopped else { return }
    if due.advanced(by: Self.arrearsMax) < loop.now { due = loop.now }
    while due <= loop.now {
      due = due.advanced(by: pause)
      send()
    }
    pacer?.arm(at: due)
  }

  private func send() {
    let request = requests[count % requests.count]
    count += 1
    guard let lane = idle.popLast() ?? freshLane() else {
      failures[0, default: 0] += 1
      return
    }
    lane.send(request)
  }

  private func freshLane() -> DemoLane? {
    guard lanes.count < Self.lanesMax else { return nil }
    let lane = DemoLane(loop: loop, pool: pool, target: target, traffic: self)
    lanes.append(lane)
    return lane
  }
}
