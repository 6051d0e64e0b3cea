import HTTPClient
import Logging
import Primitives
import Reactor
import Telemetry
import Upstreams

/// Checks the endpoints of upstreams, once for the whole process, and tells who has become healthy
/// or unhealthy.
///
/// ```
/// set ── timers ── due ── wait for a place ── probe ── machine ── changed
///          ▲                                                      │
///          └───────────────────(interval, jitter)─────────────────┘
/// ```
///
/// First checks are spread over the jitter's part of the interval; where that is nothing they come
/// one after the other, as places come free.
/// Bounded: a number of probes at once, each with one connection, at most two small buffers
/// and one deadline; an endpoint waits at most once, so a checker that cannot keep up checks later,
/// never more at once. Confinement: its loop, `changed` included, which must not call `set`.
/// Cost: a wheel for all timers and one descriptor; memory is O(endpoints).
package final class HealthChecker {
  /// Probes at once, over all upstreams. 64 at 1 ms an answer is far more than a thousand endpoints
  /// need each ten seconds; 64 that are silent for a second each still do 640 in that time.
  package static let probesMax = 64

  private let loop: EventLoop
  private let most: Int
  private let registry: MetricRegistry
  private let shard: MetricShard
  private let log: Logger
  private let changed: (HealthChange) -> Void
  private let pool = BufferPool(bytesMax: probesMax * 2 * BufferPool.smallBytes)
  private var random: RandomSource
  private var upstreams: [CheckedUpstream] = []
  /// By timer; nil: the place is free.
  private var checks: [HealthCheck?] = []
  private var freeSlots: [Int] = []
  private var timers: TimerWheel
  private var expired: [UInt32] = []
  /// Due, in that order, and without a place yet.
  private var waiting: [HealthCheck] = []
  package private(set) var probeCount = 0
  private var heartbeat: Heartbeat?

  /// `shard`: of this loop. `seed`: of jitter. `probesMax`: how many go on at once.
  package init(
    loop: EventLoop, registry: MetricRegistry, shard: MetricShard, log: Logger, seed: UInt64,
    probesMax: Int = probesMax, changed: @escaping (HealthChange) -> Void
  ) throws(Errno) {
    self.loop = loop
    most = probesMax
    self.registry = registry
    self.shard = shard
    self.log = log
    self.changed = changed
    random = RandomSource(seed: seed)
    timers = TimerWheel(now: loop.now)
    heartbeat = try Heartbeat(on: loop) { [unowned self] in beat() }
  }

  /// Endpoints that are due but wait for another's probe to end.
  package var waitingCount: Int { waiting.count }

  /// Bytes that all probes' buffers hold.
  package var bufferBytesLent: Int { pool.bytesLent }

  // MARK: Who is checked

  /// Checks these from now on and no others. An endpoint that stays, asked as before, keeps its time
  /// and what is known of it; asked otherwise, what was told of it holds until its first result. One
  /// that is no longer checked and was unhealthy is told as healthy (`HealthChange.Cause.unchecked`).
  package func set(_ wanted: [HealthCheckedUpstream]) {
    let old = Dictionary(upstreams.map { ($0.name, $0) }) { first, _ in first }
    let names = Set(wanted.map(\.name))
    let gone = upstreams.filter { !names.contains($0.name) }
    upstreams = wanted.map { adopt($0, old[$0.name]) }
    for check in gone.flatMap(\.checks) {
      retire(check)
      takeBack(check)
    }
    waiting.removeAll { $0.isRetired }
    shard.reserve(registry.slotCount)
    arm()
  }

  private func adopt(_ wanted: HealthCheckedUpstream, _ old: CheckedUpstream?) -> CheckedUpstream {
    let upstream: CheckedUpstream
    if let old, old.asks(as: wanted) {
      upstream = old
      old.security = wanted.security
    } else {
      let metrics = old?.metrics ?? HealthCheckMetrics(registry, upstream: wanted.name)
      upstream = CheckedUpstream(wanted, metrics)
    }
    var left = Dictionary((old?.checks ?? []).map { ($0.endpoint, $0) }) { first, _ in first }
    var checks: [HealthCheck] = []
    var seen: Set<SocketAddress> = []
    for endpoint in wanted.endpoints where seen.insert(endpoint).inserted {
      let before = left.removeValue(forKey: endpoint)
      if let before, upstream === old {
        checks.append(before)
      } else {
        if let before { retire(before) }
        checks.append(add(endpoint, to: upstream, after: before))
      }
    }
    for check in old?.checks ?? [] where left[check.endpoint] != nil {
      retire(check)
      takeBack(check)
    }
    upstream.checks = checks
    return upstream
  }

  private func add(
    _ endpoint: SocketAddress, to upstream: CheckedUpstream, after before: HealthCheck?
  ) -> HealthCheck {
    let slot = freeSlots.popLast() ?? checks.count
    if slot == checks.count {
      checks.append(nil)
      timers.reserve(checks.count)
    }
    let machine = HealthCheckMachine(policy: upstream.policy, now: loop.now, random: &random)
    timers.arm(UInt32(slot), at: machine.dueAt)
    let check = HealthCheck(
      upstream, endpoint, slot: slot, machine: machine,
      isToldHealthy: before?.isToldHealthy ?? true)
    checks[slot] = check
    return check
  }

  private func retire(_ check: HealthCheck) {
    check.isRetired = true
    timers.remove(UInt32(check.slot))
    checks[check.slot] = nil
    freeSlots.append(check.slot)
    guard let probe = check.probe else { return }
    check.probe = nil
    probe.close()
    probeCount -= 1
  }

  private func takeBack(_ check: HealthCheck) {
    if !check.isToldHealthy { tell(check, isHealthy: true, .unchecked) }
  }

  private func tell(_ check: HealthCheck, isHealthy: Bool, _ cause: HealthChange.Cause) {
    check.isToldHealthy = isHealthy
    changed(
      HealthChange(
        upstream: check.upstream.name, endpoint: check.endpoint, isHealthy: isHealthy,
        cause: cause))
  }

  // MARK: Time

  private func beat() {
    timers.advance(to: loop.now, expired: &expired)
    for slot in expired where timers.claim(slot) {
      if let check = checks[Int(slot)] { waiting.append(check) }
    }
    expired.removeAll(keepingCapacity: true)
    probeWaiting()
  }

  /// Starts as many as there are places for; those that fail at once count too, so that a turn stays
  /// short.
  private func probeWaiting() {
    var taken = 0
    while taken < min(waiting.count, most), probeCount < most {
      probe(waiting[taken])
      taken += 1
    }
    waiting.removeFirst(taken)
    arm()
  }

  private func arm() {
    if !waiting.isEmpty, probeCount < most {
      heartbeat?.arm(at: loop.now)
    } else if let due = timers.nextDue {
      heartbeat?.arm(at: due)
    }
  }

  // MARK: Probes

  private func probe(_ check: HealthCheck) {
    guard let deadline = check.machine.due(now: loop.now) else {
      preconditionFailure("a timer does not fire early")
    }
    let question = check.upstream.question
    let target = question.target(check.endpoint)
    let probe = ClientConnection(
      loop: loop, pool: pool, address: target,
      security: check.upstream.security[check.endpoint])
    let fault = probe.begin(question.call(at: target), until: deadline) {
      [unowned self, unowned check] result in
      check.probe = nil
      probeCount -= 1
      take(ProbeResult(result, to: question), of: check)
      probeWaiting()
    }
    if let fault {
      take(ProbeResult(fault), of: check)
    } else {
      check.probe = probe
      probeCount += 1
    }
  }

  private func take(_ result: ProbeResult, of check: HealthCheck) {
    check.upstream.metrics.count(result, in: shard)
    if result == .notSent {
      let next = check.machine.skipped(now: loop.now, random: &random)
      return timers.arm(UInt32(check.slot), at: next)
    }
    let verdict: HealthCheckMachine.Verdict
    if let failure = result.failure {
      check.failures += 1
      verdict = check.machine.failed(failure, now: loop.now, random: &random)
    } else {
      check.failures = 0
      verdict = check.machine.succeeded(now: loop.now, random: &random)
    }
    timers.arm(UInt32(check.slot), at: verdict.nextCheck)
    let isHealthy = check.machine.isAvailable
    guard verdict.change != nil, isHealthy != check.isToldHealthy else { return }
    report(check, result)
    tell(check, isHealthy: isHealthy, .probe(result))
  }

  private func report(_ check: HealthCheck, _ result: ProbeResult) {
    var metadata: Logger.Metadata = [
      "upstream": "\(check.upstream.name)", "endpoint": "\(check.endpoint)",
    ]
    if check.machine.isAvailable { return log.info("endpoint is healthy", metadata: metadata) }
    metadata["reason"] = "\(result)"
    metadata["failures"] = "\(check.failures)"
    log.warning("endpoint is unhealthy", metadata: metadata)
  }
}
