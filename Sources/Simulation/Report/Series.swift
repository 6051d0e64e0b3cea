/// What is counted of the requests of one client class, or of those to one service.
struct Series: Sendable {
  struct Counts: Sendable, Equatable {
    var offered = 0
    var good = 0
    var failed = 0
    var attempts = 0
    var retries = 0
    var hedges = 0
    /// Answered by a fallback, among `good`.
    var fallbacks = 0
    /// Answered by a fallback, or without something that was skipped or stood in for, among `good`.
    var degraded = 0
    /// Requests that are not idempotent and were sent again though a replica had them.
    var repeats = 0
    /// Endpoints that attempts ejected; those that a comparison of endpoints does are not counted.
    var ejections = 0
    /// Times that a breaker of an upstream or a route opened.
    var openings = 0

    mutating func add(_ other: Counts) {
      offered += other.offered
      good += other.good
      failed += other.failed
      attempts += other.attempts
      retries += other.retries
      hedges += other.hedges
      fallbacks += other.fallbacks
      degraded += other.degraded
      repeats += other.repeats
      ejections += other.ejections
      openings += other.openings
    }

    /// What was counted since `before`.
    func since(_ before: Counts) -> Counts {
      Counts(
        offered: offered - before.offered, good: good - before.good,
        failed: failed - before.failed, attempts: attempts - before.attempts,
        retries: retries - before.retries, hedges: hedges - before.hedges,
        fallbacks: fallbacks - before.fallbacks, degraded: degraded - before.degraded,
        repeats: repeats - before.repeats, ejections: ejections - before.ejections,
        openings: openings - before.openings)
    }
  }

  /// One step of the time line.
  struct Sample: Sendable {
    var counts: Counts
    /// How long whole answers took, in nanoseconds.
    var p50: Int64
    var p99: Int64
    var state: UpstreamState
  }

  /// How the sidecars of a service's callers see it at one time.
  struct UpstreamState: Sendable {
    /// Sidecars whose breaker is open, half open: shares, 0...1.
    var open = 0.0
    var halfOpen = 0.0
    /// The share of the endpoints that each sidecar knows and may not pick, 0...1.
    var away = 0.0
    /// The share of the places of all replicas that are busy, 0...1.
    var busy = 0.0
    /// Requests that wait at replicas.
    var queued = 0
  }

  let name: String
  private(set) var samples: [Sample] = []
  private(set) var reasons = [Int](repeating: 0, count: Reason.count)
  private(set) var whole = LatencyCounts()
  var counts = Counts()
  private var sampled = Counts()
  private var sampledReasons = [Int](repeating: 0, count: Reason.count)
  private var recent = LatencyCounts()

  init(name: String) {
    self.name = name
  }

  /// An exchange has ended; `nanoseconds`: how long it took. `isDegraded`: a fallback had a part in it.
  @inline(__always)
  mutating func record(_ reason: Reason, nanoseconds: Int64, isDegraded: Bool) {
    if reason.isOK {
      counts.good += 1
      // What is skipped takes no time, and says nothing of how long the services take.
      if isDegraded { counts.degraded += 1 } else { recent.record(nanoseconds) }
    } else {
      counts.failed += 1
      reasons[Int(reason.code)] += 1
    }
  }

  /// Adds what `other` has counted since its last sample. Before either is sampled.
  mutating func add(recentOf other: Series) {
    counts.add(other.counts.since(other.sampled))
    recent.add(other.recent)
    for code in reasons.indices {
      reasons[code] += other.reasons[code] - other.sampledReasons[code]
    }
  }

  mutating func sample(_ state: UpstreamState) {
    samples.append(
      Sample(
        counts: counts.since(sampled), p50: recent.percentile(0.5), p99: recent.percentile(0.99),
        state: state))
    sampled = counts
    sampledReasons = reasons
    whole.add(recent)
    recent.clear()
  }

  /// The mean of one member over the samples' states.
  func mean(_ member: KeyPath<UpstreamState, Double>) -> Double {
    guard !samples.isEmpty else { return 0 }
    return samples.reduce(0) { $0 + $1.state[keyPath: member] } / Double(samples.count)
  }

  /// Neither answered nor failed when the run ended.
  var unfinished: Int { counts.offered - counts.good - counts.failed }
}
