import HTTPModel
import Primitives
import Reactor
import Resilience
import Upstreams

/// How it went, told to the machines: each attempt to those of its endpoint, the request as a whole,
/// once, to those that admitted it.
extension Exchange {
  // MARK: The attempt

  func record(status: UInt16, _ upstream: WorkerUpstream) {
    guard !attempt.isRecorded else { return }
    upstream.record(&attempt, status: status, now)
    endRetry(upstream, attempt.isFailure)
  }

  func record(_ failure: FailureKind, _ upstream: WorkerUpstream) {
    guard attempt.endpoint != nil else { return }
    guard !attempt.isRecorded else {
      // It answered well and then broke off.
      if failure.row.side == .upstream { upstream.recordBreak(&attempt, now) }
      return
    }
    upstream.record(&attempt, failure, now)
    endRetry(upstream, true)
  }

  /// It was cut for another's sake, or the client's: that says nothing of the endpoint.
  func recordAbandoned(_ upstream: WorkerUpstream) {
    guard !attempt.isRecorded, attempt.endpoint != nil else { return }
    attempt.isRecorded = true
    upstream.recordAbandoned(attempt, now)
    endRetry(upstream, true)
  }

  /// Its hedge was answered first.
  func recordOvertaken(_ upstream: WorkerUpstream) {
    guard !attempt.isRecorded, attempt.endpoint != nil else { return }
    upstream.recordOvertaken(&attempt, now)
    endRetry(upstream, true)
  }

  private func endRetry(_ upstream: WorkerUpstream, _ isFailure: Bool) {
    if let reason = retryReason {
      retryReason = nil
      upstream.count(reason, isFailure: isFailure)
    }
    if hold.parts.remove(.retry) != nil { hold.state?.budget.retryEnded() }
  }

  // MARK: The request

  func settle(status: UInt16) {
    guard let state = hold.state, !hold.isSettled else { return }
    // Nobody waits to hear how it went.
    if hold.parts.isDisjoint(with: [.breaker, .routeBreaker, .limiter]) {
      hold.isSettled = true
      return
    }
    let outcome = state.classifier.outcome(status: status)
    settle(
      outcome, route: route?.policy?.breaker?.classifier.outcome(status: status) ?? outcome)
  }

  func settle(_ failure: FailureKind) {
    guard let state = hold.state, !hold.isSettled else { return }
    let outcome = state.classifier.outcome(failure)
    settle(outcome, route: route?.policy?.breaker?.classifier.outcome(failure) ?? outcome)
  }

  /// Time ran out while the endpoint had all that the client had sent, and not the rest: a client
  /// that stops in the middle of its body would else open breakers for all the others.
  func isHeldUpByClient(_ failure: FailureKind) -> Bool {
    switch failure {
    case .requestTimeout, .totalTimeout, .streamIdleTimeout:
      stage == .responding && !requestDone && connection?.output.isEmpty == true
    default: false
    }
  }

  func settle(_ outcome: Outcome) { settle(outcome, route: outcome) }

  private func settle(_ outcome: Outcome, route routeOutcome: Outcome) {
    guard let state = hold.state, !hold.isSettled else { return }
    hold.isSettled = true
    hold.outcome = outcome
    let nanoseconds = now.nanoseconds(since: hold.timedFrom)
    hold.nanoseconds = nanoseconds
    if hold.parts.remove(.breaker) != nil, let breaker = state.breaker,
      let change = breaker.record(hold.ticket, outcome, nanoseconds: nanoseconds, now: now)
    {
      upstream?.told(change, .upstream)
    }
    if hold.parts.remove(.routeBreaker) != nil, let breaker = route?.policy?.breaker?.machine,
      let change = breaker.record(
        hold.routeTicket, routeOutcome, nanoseconds: nanoseconds, now: now)
    {
      upstream?.told(change, .route, route: routeSubject)
    }
  }

  /// What the breaker of the route is called: as in the metrics and at the admin address.
  var routeSubject: String? {
    guard let listener, let route else { return nil }
    return "\(listener.settings.name)/\(route.name)"
  }

  /// Gives back what admission took.
  func giveBack() {
    guard let state = hold.state else { return }
    settle(.ignored)
    if hold.parts.contains(.limiter), let limiter = state.limiter {
      limiter.release(
        nanoseconds: hold.nanoseconds ?? 0, outcome: hold.outcome, now: now)
    }
    if hold.parts.contains(.retry) { state.budget.retryEnded() }
    if hold.parts.contains(.request) {
      state.budget.requestEnded()
      state.limits.release(.requests)
    }
    if hold.parts.contains(.hedgeable) { route?.policy?.hedgeBudget?.requestEnded() }
    hold = AdmissionHold()
  }
}
