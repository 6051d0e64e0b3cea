import HTTPModel
import Primitives
import Reactor
import Resilience
import Upstreams

/// How it went, told to the machines: each attempt to those of its endpoint, the request as a whole,
/// once, to those that admitted it.
extension Exchange {
  // MARK: The attempt

  func recordAttempt(status: UInt16, grpcStatus: UInt8? = nil, _ upstream: WorkerUpstream) {
    guard !attempt.isRecorded else { return }
    upstream.record(attempt, status: status, grpcStatus: grpcStatus, now)
    endRetry(upstream, attempt.isFailure)
  }

  func recordAttempt(_ failure: FailureKind, _ upstream: WorkerUpstream) {
    guard attempt.endpoint != nil, !attempt.isRecorded else { return }
    upstream.record(attempt, failure, now)
    endRetry(upstream, true)
  }

  /// It was cut for another's sake, or the client's: how long it had lasted says something of the
  /// endpoint, and nothing else does.
  func recordCut(_ upstream: WorkerUpstream) {
    guard !attempt.isRecorded, attempt.endpoint != nil else { return }
    upstream.recordCut(attempt, after: attemptWait, now)
    endRetry(upstream, true)
  }

  func endRetry(_ upstream: WorkerUpstream, _ isFailure: Bool) {
    if let reason = attempts.takeReason() {
      upstream.count(reason, isFailure: isFailure)
    }
    attempts.retryEnded(hold.state?.budget)
  }

  // MARK: The request

  /// The answer is there, whole.
  func settle(status: UInt16, grpcStatus: UInt8? = nil) {
    guard let state = hold.state, !hold.isSettled else { return }
    // Nobody waits to hear how it went.
    if hold.parts.isDisjoint(with: [.breaker, .routeBreaker, .limiter]) {
      hold.settled()
      return
    }
    let outcome = state.classifier.outcome(status: status, grpcStatus: grpcStatus)
    let routes = route?.policy?.breaker?.classifier
    settle(
      outcome, route: routes?.outcome(status: status, grpcStatus: grpcStatus) ?? outcome,
      now.nanoseconds(since: hold.timedFrom))
  }

  func settle(_ failure: FailureKind) {
    guard let state = hold.state, !hold.isSettled else { return }
    let outcome = state.classifier.outcome(failure)
    settle(
      outcome, route: route?.policy?.breaker?.classifier.outcome(failure) ?? outcome,
      outcome == .ignored ? requestWait : now.nanoseconds(since: hold.timedFrom))
  }

  /// Nothing is to be learned from it.
  func settleAsNothing() {
    guard hold.state != nil, !hold.isSettled else { return }
    settle(.ignored, route: .ignored, 0)
  }

  private func settle(_ outcome: Outcome, route routeOutcome: Outcome, _ nanoseconds: Int64) {
    guard let state = hold.state else { return }
    hold.settled()
    releaseLimit(outcome, nanoseconds)
    if hold.gives(.breaker), let breaker = state.breaker {
      let change =
        hold.parts.contains(.breakerTold)
        ? breaker.amend(hold.ticket, outcome, countedAt: hold.toldAt, now: now)
        : breaker.record(hold.ticket, outcome, nanoseconds: nanoseconds, now: now)
      if let change { upstream?.told(change, .upstream) }
    }
    if hold.gives(.routeBreaker), let breaker = route?.policy?.breaker?.machine {
      let change =
        hold.parts.contains(.routeBreakerTold)
        ? breaker.amend(hold.routeTicket, routeOutcome, countedAt: hold.routeToldAt, now: now)
        : breaker.record(hold.routeTicket, routeOutcome, nanoseconds: nanoseconds, now: now)
      if let change { upstream?.told(change, .route, route: routeSubject) }
    }
  }

  /// Gives the place in the adaptive limit back: it counts up to the answer's head, or event streams
  /// would fill it for ever.
  func releaseLimit(_ outcome: Outcome, _ nanoseconds: Int64) {
    guard hold.gives(.limiter), let limiter = hold.state?.limiter else { return }
    if outcome == .ignored {
      limiter.release(atLeast: answerProgress.headAt == nil ? nanoseconds : 0, now: now)
    } else {
      limiter.release(nanoseconds: nanoseconds, outcome: outcome, now: now)
    }
  }

  /// Time ran out, and not for the endpoint's sake: it had all that the client had sent, and not the
  /// rest; or the client had not taken what was there; or a fault of ours held the answer back. A
  /// client that stops in the middle of its body would else open breakers for all the others.
  func isHeldUpByClient(_ failure: FailureKind) -> Bool {
    switch failure {
    case .requestTimeout, .totalTimeout, .streamIdleTimeout:
      stage == .responding
        && (!requestProgress.isDone && attempt.stream?.isOutputEmpty == true
          || answerProgress.hasBegun
            && (downstream?.isOutputEmpty == false || notes.fault.bytesPerSecond != nil))
    default: false
    }
  }

  /// What the breaker of the route is called: as in the metrics and at the admin address.
  var routeSubject: String? {
    guard let listener, let route else { return nil }
    return "\(listener.settings.name)/\(route.name)"
  }

  /// Gives back what admission took.
  func giveBackAdmission() {
    guard let state = hold.state else { return }
    settleAsNothing()
    attempts.retryEnded(state.budget)
    state.requestEnded(
      isActive: hold.parts.contains(.request), hasSlot: hold.parts.contains(.requestSlot))
    if hold.parts.contains(.hedgeable) { route?.policy?.hedgeBudget?.requestEnded() }
    hold = AdmissionHold()
  }
}
