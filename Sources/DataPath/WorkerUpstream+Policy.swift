import Primitives
import Resilience
import Telemetry
import Upstreams

/// What the machines of an upstream are told, and what of it is counted and reported.
extension WorkerUpstream {
  // MARK: Attempts

  /// An answer is there, whole, or so bad that its end makes no difference.
  func record(_ attempt: inout Attempt, status: UInt16, _ now: Instant) {
    if attempt.told.contains(.head) { return amend(&attempt, .success, .success, now) }
    let nanoseconds = now.nanoseconds(since: attempt.timedFrom)
    let state = plan.state
    let outcome = state.endpointClassifier.outcome(status: status)
    attempt.told.insert(.end)
    attempt.nanoseconds = nanoseconds
    attempt.isFailure = outcome == .failure
    if outcome == .success, attempt.kind == .first {
      digest.record(nanoseconds: nanoseconds, now: now)
    }
    guard recordsAttempts else { return }
    tell(attempt, outcome, AttemptResult(status: status), nanoseconds, now)
  }

  /// The attempt has failed, by the endpoint's fault or not.
  func record(_ attempt: inout Attempt, _ failure: FailureKind, _ now: Instant) {
    let outcome = plan.state.endpointClassifier.outcome(failure)
    let result = AttemptResult(failure)
    if attempt.told.contains(.head) { return amend(&attempt, outcome, result, now) }
    attempt.told.insert(.end)
    attempt.isFailure = outcome == .failure
    let nanoseconds = now.nanoseconds(since: attempt.timedFrom)
    if attempt.isFailure { attempt.nanoseconds = nanoseconds }
    // Its own clock cut it.
    if failure == .perTryTimeout, attempt.kind == .first {
      digest.record(atLeast: nanoseconds, now: now)
    }
    guard recordsAttempts else { return }
    // How long a wait of our own took is not the endpoint's.
    tell(attempt, outcome, result, outcome == .ignored ? 0 : nanoseconds, now)
  }

  /// It was cut before its answer, for its hedge's sake or the client's, after it had kept them
  /// waiting for `nanoseconds`: the least that it would have taken. 0: the endpoint had nothing to
  /// do.
  func recordCut(_ attempt: inout Attempt, after nanoseconds: Int64, _ now: Instant) {
    let isHeadTold = attempt.told.contains(.head)
    attempt.told.insert(.end)
    // What the head said stands.
    if isHeadTold { return }
    guard nanoseconds > 0 else { return tell(attempt, .ignored, .ignored, 0, now) }
    if attempt.kind == .first { digest.record(atLeast: nanoseconds, now: now) }
    if let endpoint = attempt.endpoint,
      let average = latencyNanoseconds(endpoint), nanoseconds > average
    {
      attempt.nanoseconds = nanoseconds
    }
    tell(attempt, .ignored, .unanswered, nanoseconds, now)
  }

  /// Of an upstream that has left, the breakers of endpoints still wait for what is under way: they
  /// are kept for its return.
  private var recordsAttempts: Bool { plan.state.recordsAttempts || isRetired }

  private func tell(
    _ attempt: Attempt, _ outcome: Outcome, _ result: AttemptResult, _ nanoseconds: Int64,
    _ now: Instant
  ) {
    guard let endpoint = attempt.endpoint else { return }
    let state = endpoint.state
    if let breaker = state.breaker {
      let change =
        attempt.told.contains(.breaker)
        ? breaker.amend(attempt.ticket, outcome, countedAt: attempt.toldAt, now: now)
        : breaker.record(attempt.ticket, outcome, nanoseconds: nanoseconds, now: now)
      if let change { told(change, .endpoint, endpoint: state) }
    }
    if let (detector, slot) = detection(of: endpoint),
      let ejection = detector.record(slot, result, nanoseconds: nanoseconds, now: now)
    {
      eject(state, ejection, now)
    }
  }

  /// Where results of `endpoint` are counted; nil: nowhere. One that has left has no slot any more:
  /// its number may be another's by now, or one that a new detector does not have.
  func detection(of endpoint: WorkerEndpoint) -> (OutlierDetector, slot: Int)? {
    guard endpoint.index >= 0, let detector = plan.state.detector,
      let slot = endpoint.state.slot
    else { return nil }
    return (detector, slot)
  }

  // MARK: Changes

  /// A breaker has changed its state.
  func told(
    _ change: CircuitBreaker.Transition, _ scope: BreakerScope, endpoint: EndpointState? = nil,
    route: String? = nil
  ) {
    let name = plan.name
    if scope == .endpoint {
      if let breaker = endpoint?.breaker {
        plan.state.availability.look(at: breaker.nextChange)
      }
      plan.state.availability.changed()
    }
    worker.rare.add(
      "weir_circuit_breaker_transitions_total", help: "Changes of a breaker's state.",
      ["upstream": name, "scope": scope.rawValue, "to": change.to.rawValue])
    worker.report(
      .breaker(
        scope, upstream: name, subject: route ?? endpoint?.identity ?? name, change))
  }

  func eject(
    _ endpoint: EndpointState, _ ejection: OutlierDetector.Ejection, _ now: Instant
  ) {
    guard endpoint.set(isEjected: true) else { return }
    plan.state.availability.look(at: ejection.until)
    plan.state.availability.changed()
    worker.rare.add(
      "weir_outlier_ejections_total", help: "Endpoints that were ejected, by what for.",
      ["upstream": plan.name, "reason": ejection.cause.rawValue])
    worker.report(
      .ejected(
        upstream: plan.name, endpoint: endpoint.identity, reason: ejection.cause.rawValue,
        forNanoseconds: ejection.until.nanoseconds(since: now)))
  }

  /// The time to look at the ejected has come: some return, and the detector compares the rest.
  func returnEjected(_ now: Instant) {
    let state = plan.state
    availability.changed()
    defer {
      for endpoint in endpoints {
        if let breaker = endpoint.state.breaker, breaker.nextChange > now {
          availability.look(at: breaker.nextChange)
        }
      }
    }
    guard let detector = state.detector else { return }
    for change in detector.advance(now: now) {
      switch change {
      case .ejected(let ejection):
        if let endpoint = state.endpoint(at: ejection.slot) { eject(endpoint, ejection, now) }
      case .returned(let slot, _, _):
        guard let endpoint = state.endpoint(at: slot), endpoint.set(isEjected: false) else {
          continue
        }
        worker.report(.returned(upstream: plan.name, endpoint: endpoint.identity))
      }
    }
    reconcile(detector)
    availability.look(at: detector.nextChange)
  }

  /// One worker may bring an endpoint back before the other, which ejected it, has said so: the
  /// detector is right.
  private func reconcile(_ detector: OutlierDetector) {
    for endpoint in endpoints where endpoint.state.isEjected {
      guard let slot = endpoint.state.slot, !detector.isEjected(slot),
        endpoint.state.set(isEjected: false)
      else { continue }
      worker.report(.returned(upstream: plan.name, endpoint: endpoint.state.identity))
    }
  }

  // MARK: Counts

  func count(_ refusal: RetryRefusal) {
    worker.rare.add(
      "weir_upstream_retries_refused_total",
      help: "Attempts that failed and were not made again although the route retries, by why.",
      ["upstream": plan.name, "refusal": refusal.rawValue])
  }

  /// A retry has ended.
  func count(_ reason: RetryReason, isFailure: Bool) {
    worker.rare.add(
      "weir_upstream_retries_total",
      help: "Attempts after the first of a request, by what asked for them and how they went.",
      ["upstream": plan.name, "reason": reason.name, "result": isFailure ? "failure" : "success"])
  }

  enum HedgeResult: String {
    /// The hedge answered, or was left when the first attempt failed.
    case won
    /// The first attempt answered, or the hedge failed.
    case lost
    /// Its budget was spent, or no endpoint was free for it.
    case refused
  }

  func count(_ result: HedgeResult) {
    worker.rare.add(
      "weir_hedges_total", help: "Second attempts beside a slow first one, by what came of them.",
      ["upstream": plan.name, "result": result.rawValue])
  }
}
