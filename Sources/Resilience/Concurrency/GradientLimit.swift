import Primitives

/// Finds how many requests an upstream carries at once before they only queue there.
///
/// ```
///            samples            interval over            every sixth of the window
/// counting ───────────▶ counting ───────────▶ update ──────────────────────────────▶ trim ─┐
///    ▲                                           │    (3 intervals at 0.9 × the knee)       │
///    └───────────────────────────────────────────┴──────────────────────────────────────────┘
/// ```
/// The law is that of Envoy's adaptive concurrency filter: with the latency of the interval `sample`
/// and the least latency `minimum`, gradient = (1 + buffer) × minimum / sample, held in [0.5, 2], and
/// limit = gradient × limit + √limit. Queueing at the upstream lengthens `sample`, and the limit
/// shrinks until it is gone; √limit lets it explore.
///
/// The minimum without a dip. Envoy pins concurrency to 3 for 50 requests each minute to measure the
/// latency without a queue, and refuses good traffic meanwhile. Here it is the least of the interval
/// latencies of a sliding window of six parts. Under a load that never pauses every interval has
/// some queue (the law settles at 1.25 to 2 times the minimum), so that a window's minimum would
/// creep up, and the limit with it (simulated: by a fifth; and a first minimum that was taken in a
/// queue stays for minutes). Therefore each part begins with a trim: for three intervals the
/// limit is 0.9 × limit × minimum / sample. By Little's law limit / sample is the throughput, and
/// throughput × minimum is the number in flight that keeps the upstream busy with no queue, the
/// knee. A tenth below it costs at most a tenth of the throughput for 3 intervals of each part (at
/// the defaults, 3 % of the time), and shows a latency that is free of a queue; if the minimum
/// had crept up, the trim's latency lies a tenth below it and brings it down again. A service that
/// really became slower is believed when a whole window has not been faster: the upward drift.
///
/// The limit does not grow while less than half of it is used (Netflix's limits do the same), or a
/// quiet hour would open it wide for the next storm.
/// Failures that were quicker than the minimum are not counted: an endpoint that refuses at once
/// would look fast. Units: nanoseconds. Cost: record about 6 ns, an update 0.5 µs; 1.8 KB.
/// Confinement: its owner; `ConcurrencyLimiter` shares it.
package struct GradientLimit: Sendable {
  static let parts = 6
  static let trimIntervals = 3

  package let policy: ConcurrencyPolicy
  /// Whole requests, what is enforced now.
  package private(set) var limit: Int
  /// What the law found, without a trim.
  private var estimate: Double
  private var counts: [UInt32]
  private var samples = 0
  private var inFlightMax = 0
  private var intervalBegan: Instant?
  private var partBegan = Instant(nanoseconds: 0)
  /// The least interval latency of each part, the running one first; 0 where there was none.
  private var minima: [Int64]
  private var trimsLeft = 0

  package init(policy: ConcurrencyPolicy) {
    self.policy = policy
    limit = policy.initial
    estimate = Double(policy.initial)
    counts = Array(repeating: 0, count: LatencyBuckets.count)
    minima = Array(repeating: 0, count: Self.parts)
  }

  /// The least interval latency of the window; 0 before the first update.
  package var minimumNanoseconds: Int64 { minima.lazy.filter { $0 > 0 }.min() ?? 0 }

  /// Returns true if `limit` changed. `inFlight` is the count before this one left.
  package mutating func record(
    nanoseconds: Int64, outcome: Outcome, inFlight: Int, now: Instant
  ) -> Bool {
    guard isSample(nanoseconds, outcome) else { return false }
    let began = intervalBegan ?? now
    if intervalBegan == nil {
      intervalBegan = now
      partBegan = now
    }
    counts[LatencyBuckets.index(nanoseconds)] &+= 1
    samples += 1
    inFlightMax = max(inFlightMax, inFlight)
    guard samples >= policy.samplesMin,
      now.nanoseconds(since: began) >= policy.intervalNanoseconds
    else { return false }
    let before = limit
    update(now: now)
    return limit != before
  }

  private func isSample(_ nanoseconds: Int64, _ outcome: Outcome) -> Bool {
    switch outcome {
    case .success: true
    case .failure: nanoseconds >= max(1, minimumNanoseconds)
    case .ignored: false
    }
  }

  private mutating func update(now: Instant) {
    let sample = intervalLatency()
    let peak = inFlightMax
    for index in counts.indices { counts[index] = 0 }
    samples = 0
    inFlightMax = 0
    intervalBegan = now
    if minima[0] == 0 || sample < minima[0] { minima[0] = sample }
    let minimum = minimumNanoseconds
    if trimsLeft > 0 {
      trimsLeft -= 1
      if trimsLeft == 0 { limit = whole(estimate) }
      return
    }
    let gradient = min(
      2, max(0.5, (1 + policy.buffer.fraction) * Double(minimum) / Double(sample)))
    let next = gradient * estimate + estimate.squareRoot()
    if next < estimate || peak * 2 >= limit { estimate = bounded(next) }
    limit = whole(estimate)
    let partNanoseconds = policy.windowNanoseconds / Int64(Self.parts)
    if now.nanoseconds(since: partBegan) >= partNanoseconds {
      beginPart(sample: sample, minimum: minimum, peak: peak, now: now)
    }
  }

  private mutating func beginPart(sample: Int64, minimum: Int64, peak: Int, now: Instant) {
    partBegan = now
    minima.removeLast()
    minima.insert(0, at: 0)
    // Traffic that does not fill the limit has no queue of our making to drain.
    guard peak * 2 >= limit else { return }
    trimsLeft = Self.trimIntervals
    let knee = estimate * Double(minimum) / Double(sample)
    limit = whole(max(0.9 * knee, estimate / 2))
  }

  private func intervalLatency() -> Int64 {
    let rank = max(1, samples * Int(policy.percentile.basisPoints) / 10_000)
    var seen = 0
    for (index, count) in counts.enumerated() where count > 0 {
      seen += Int(count)
      if seen >= rank { return LatencyBuckets.middle(index) }
    }
    return LatencyBuckets.middle(0)
  }

  private func bounded(_ limit: Double) -> Double {
    min(Double(policy.maximum), max(Double(policy.minimum), limit))
  }

  private func whole(_ limit: Double) -> Int { Int(bounded(limit)) }
}
