import Primitives
import Resilience
import Telemetry
import Upstreams

/// What the machines of an upstream are told, and what of it is counted and reported.
extension WorkerUpstream {
  // MARK: Attempts

  /// An answer is there, whole, or so bad that its end makes no difference.
  func record(_ attempt: Attempt, status: UInt16, grpcStatus: UInt8? = nil, _ now: Instant) {
    if attempt.told.contains(.head) {
      // Its head was good; the trailers of a gRPC call may say otherwise.
      guard grpcStatus != nil else { return amend(attempt, .success, .success, now) }
      return amend(
        attempt, endpointClassifier.outcome(status: status, grpcStatus: grpcStatus),
        AttemptResult(status: status, grpcStatus: grpcStatus), now)
    }
    let nanoseconds = now.nanoseconds(since: attempt.timedFrom)
    let outcome = endpointClassifier.outcome(status: status, grpcStatus: grpcStatus)
    attempt.told.insert(.end)
    attempt.nanoseconds = nanoseconds
    attempt.isFailure = outcome == .failure
    let bucket = RecentLatencies.bucket(nanoseconds)
    if outcome == .success, attempt.kind == .first { digest.record(bucket: bucket, now: now) }
    count(attempt, status: status, grpcStatus: grpcStatus, bucket, now)
    guard recordsAttempts else { return }
    let result = AttemptResult(status: status, grpcStatus: grpcStatus)
    tell(attempt, outcome, result, nanoseconds, now)
  }

  /// The attempt has failed, by the endpoint's fault or not.
  func record(_ attempt: Attempt, _ failure: FailureKind, _ now: Instant) {
    let outcome = plan.state.endpointClassifier.outcome(failure)
    let result = AttemptResult(failure)
    if attempt.told.contains(.head) {
      if outcome == .failure { attempt.endpoint?.tally.broke(.failure(failure), now) }
      return amend(attempt, outcome, result, now)
    }
    attempt.told.insert(.end)
    attempt.isFailure = outcome == .failure
    if attempt.isFailure { count(attempt, failure, now) }
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
  func recordCut(_ attempt: Attempt, after nanoseconds: Int64, _ now: Instant) {
    let isHeadTold = attempt.told.contains(.head)
    attempt.told.insert(.end)
    // What the head said stands.
    if isHeadTold { return }
    guard nanoseconds > 0 else { return tell(attempt, .ignored, .ignored, 0, now) }
    if attempt.kind == .first { digest.record(atLeast: nanoseconds, now: now) }
    attempt.endpoint?.tally.leftWaiting(nanoseconds, now)
    if let endpoint = attempt.endpoint,
      let average = latencyNanoseconds(endpoint), nanoseconds > average
    {
      attempt.nanoseconds = nanoseconds
    }
    tell(attempt, .ignored, .unanswered, nanoseconds, now)
  }

  private func tell(
    _ attempt: Attempt, _ outcome: Outcome, _ result: AttemptResult, _ nanoseconds: Int64,
    _ now: Instant
  ) {
    guard let endpoint = attempt.endpoint else { return }
    let state = endpoint.state
    let evidence = evidence(attempt, endpoint, outcome, result, now)
    if let breaker = state.breaker {
      let heard = evidence.isExcusedFromBreaker ? .ignored : outcome
      let change =
        attempt.told.contains(.breaker)
        ? breaker.amend(attempt.ticket, heard, countedAt: attempt.toldAt, now: now)
        : breaker.record(attempt.ticket, heard, nanoseconds: nanoseconds, now: now)
      if let change { told(change, .endpoint, endpoint: state) }
    }
    if let (detector, slot) = detection(of: endpoint) {
      tell(
        detector.record(
          slot, evidence.isExcusedFromEjection ? .ignored : result, nanoseconds: nanoseconds,
          now: now), now)
    }
  }

  // MARK: The endpoint's own figures

  /// An answer's head is there.
  @inline(__always)
  func count(
    _ attempt: borrowing Attempt, status: UInt16, grpcStatus: UInt8? = nil, _ bucket: Int,
    _ now: Instant
  ) {
    guard let endpoint = attempt.endpoint else { return }
    if attempt.isFailure {
      let told = grpcStatus.flatMap { GRPCStatus(rawValue: $0) }
      endpoint.tally.failed(told.map { .grpcStatus($0) } ?? .status(status), bucket, now)
    } else {
      endpoint.tally.answered(bucket, now)
    }
  }

  private func count(_ attempt: Attempt, _ failure: FailureKind, _ now: Instant) {
    guard let endpoint = attempt.endpoint else { return }
    let isUnanswered = failure.row.stage == .connect
    let bucket = RecentLatencies.bucket(now.nanoseconds(since: attempt.timedFrom))
    endpoint.tally.failed(.failure(failure), isUnanswered ? nil : bucket, now)
    if isUnanswered { endpoint.state.set(isReachable: false) }
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
