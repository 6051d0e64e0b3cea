import Primitives
import Resilience
import Upstreams

/// What the machines of an endpoint hear before an attempt has ended, and what its end makes of it
/// (decision 0010).
extension WorkerUpstream {
  /// The endpoint's breaker hears that the attempt is slow already.
  func recordSlow(_ attempt: Attempt, _ nanoseconds: Int64, _ now: Instant) {
    attempt.told.insert(.breaker)
    attempt.toldAt = now
    guard let state = attempt.endpoint?.state, let breaker = state.breaker,
      let change = breaker.recordEarly(attempt.ticket, nanoseconds: nanoseconds, now: now)
    else { return }
    told(change, .endpoint, endpoint: state)
  }

  /// The head of an answer is there and more is to come. A bad one is judged by it alone.
  func recordHead(_ attempt: Attempt, status: UInt16, _ now: Instant) {
    guard plan.state.endpointClassifier.outcome(status: status) == .success else {
      return record(attempt, status: status, now)
    }
    let nanoseconds = now.nanoseconds(since: attempt.timedFrom)
    attempt.nanoseconds = nanoseconds
    let bucket = RecentLatencies.bucket(nanoseconds)
    if attempt.kind == .first { digest.record(bucket: bucket, now: now) }
    count(attempt, status: status, bucket, now)
    if !attempt.told.contains(.breaker) { recordSlow(attempt, nanoseconds, now) }
    attempt.told.insert(.head)
    if let endpoint = attempt.endpoint, let (detector, slot) = detection(of: endpoint) {
      detector.recordEarly(slot, nanoseconds: nanoseconds)
    }
  }

  /// How an answer ended whose head was told.
  func amend(
    _ attempt: Attempt, _ outcome: Outcome, _ result: AttemptResult, _ now: Instant
  ) {
    attempt.told.insert(.end)
    // It was cut by no fault of its own: what the head said stands.
    guard let endpoint = attempt.endpoint, outcome != .ignored else { return }
    let state = endpoint.state
    attempt.isFailure = outcome == .failure
    if attempt.isFailure, attempt.kind == .first, let nanoseconds = attempt.nanoseconds {
      digest.takeBack(nanoseconds: nanoseconds)
    }
    let evidence = evidence(attempt, endpoint, outcome, result, now)
    if let breaker = state.breaker,
      let change = breaker.amend(
        attempt.ticket, evidence.isExcusedFromBreaker ? .ignored : outcome,
        countedAt: attempt.toldAt, now: now)
    {
      told(change, .endpoint, endpoint: state)
    }
    if let (detector, slot) = detection(of: endpoint) {
      tell(
        detector.amend(
          slot, evidence.isExcusedFromEjection ? .ignored : result, countedAt: attempt.headAt,
          now: now), now)
    }
  }
}
