import HTTPClient
import HTTPModel
import Primitives
import Reactor
import Resilience
import Upstreams

/// Verdicts that fall before the end (decision 0010): a call that has lasted `slow_call` is slow,
/// whoever ends it and whether it ever ends; an answer's head is judged as it comes, where its body
/// takes longer, so that a download holds neither a probe nor a place in the adaptive limit.
///
/// How it ended amends what was said: one attempt has one result (`WorkerUpstream+Early`,
/// `CircuitBreakerMachine+Early`).
extension Exchange {
  // MARK: The head

  /// The head of the answer says by itself that the attempt has failed.
  var isAnswerBad: Bool {
    upstream?.plan.state.endpointClassifier.outcome(status: status) == .failure
  }

  /// The head of an answer stands, and no other attempt can take its place.
  func headStands() {
    clocks.headStands()
    if isHedged, let upstream { dropHedge(upstream) }
  }

  /// The head of an answer is on its way to the client, and not all of the body is there.
  func judgeHead() {
    guard !attempt.told.contains(.head), let upstream else { return }
    headStands()
    if !attempt.isRecorded { upstream.recordHead(attempt, status: status, now) }
    attempt.told.insert(.head)
    attempts.retryEnded(hold.state?.budget)
    guard let state = hold.state, !hold.isSettled,
      !hold.parts.isDisjoint(with: [.breaker, .routeBreaker, .limiter])
    else { return }
    let outcome = state.classifier.outcome(status: status)
    let routeOutcome = route?.policy?.breaker?.classifier.outcome(status: status) ?? outcome
    // What is bad stays bad, however it ends.
    guard outcome == .success, routeOutcome == .success else { return settle(status: status) }
    let nanoseconds = now.nanoseconds(since: hold.timedFrom)
    releaseLimit(outcome, nanoseconds)
    tellBreaker(nanoseconds)
    tellRouteBreaker(nanoseconds)
  }

  private func tellBreaker(_ nanoseconds: Int64) {
    guard isToTell(.breaker, .breakerTold), let breaker = hold.state?.breaker else { return }
    hold.breakerHears(now)
    if let change = breaker.recordEarly(hold.ticket, nanoseconds: nanoseconds, now: now) {
      upstream?.told(change, .upstream)
    }
  }

  private func tellRouteBreaker(_ nanoseconds: Int64) {
    guard isToTell(.routeBreaker, .routeBreakerTold), let breaker = route?.policy?.breaker?.machine
    else { return }
    hold.routeBreakerHears(now)
    if let change = breaker.recordEarly(hold.routeTicket, nanoseconds: nanoseconds, now: now) {
      upstream?.told(change, .route, route: routeSubject)
    }
  }

  /// A breaker waits for the request's result and has heard nothing of it yet.
  private func isToTell(_ waits: AdmissionHold.Parts, _ told: AdmissionHold.Parts) -> Bool {
    hold.parts.contains(waits) && !hold.parts.contains(told)
  }

  // MARK: Slow calls

  /// How long the endpoint has kept the attempt waiting; 0: it has nothing to do, since the client
  /// still sends, or since no attempt is under way.
  var attemptWait: Int64 {
    guard attempt.endpoint != nil, !attempt.isRecorded else { return 0 }
    if stage == .connecting || hasSent {
      return max(now.nanoseconds(since: attempt.timedFrom), 0)
    }
    // An endpoint that takes no more of a body holds its client up.
    guard stage == .responding, attempt.stream?.isOutputEmpty == false else { return 0 }
    return max(now.nanoseconds(since: clocks.lastProgress), 0)
  }

  /// The same of the request, whose retries and the waits between them count.
  var requestWait: Int64 {
    guard attempts.begun > 0 else { return 0 }
    guard hasSent else { return attemptWait }
    return max(now.nanoseconds(since: hold.timedFrom), 0)
  }

  /// Tells the breakers for which the call has become slow, and looks again when it will have
  /// become so for the next. Called when an attempt begins, when a body has been sent, and when
  /// `slowAt` has come. Cost: nothing where no breaker has a `slow_call`.
  func watchSlow(_ upstream: WorkerUpstream) {
    clocks.nobodyIsSlow()
    guard !answerProgress.hasBegun else { return }
    if isToTell(.breaker, .breakerTold), let breaker = hold.state?.breaker,
      isSlow(breaker, requestWait)
    {
      tellBreaker(requestWait)
    }
    if isToTell(.routeBreaker, .routeBreakerTold), let breaker = route?.policy?.breaker?.machine,
      isSlow(breaker, requestWait)
    {
      tellRouteBreaker(requestWait)
    }
    if attempt.told.isEmpty, let breaker = attempt.endpoint?.state.breaker,
      isSlow(breaker, attemptWait)
    {
      upstream.recordSlow(attempt, attemptWait, now)
    }
    guard isHedged, hedge.told.isEmpty else { return }
    let wait = now.nanoseconds(since: hedge.timedFrom)
    if let breaker = hedge.endpoint?.state.breaker, isSlow(breaker, wait) {
      upstream.recordSlow(hedge, wait, now)
    }
  }

  /// Whether a call that has lasted `wait` is slow for `breaker`; if not, when that is to be asked
  /// again.
  private func isSlow(_ breaker: CircuitBreaker, _ wait: Int64) -> Bool {
    let slow = breaker.slowNanoseconds
    if wait > slow { return true }
    if slow != .max {
      clocks.lookForSlow(at: now.advanced(byNanoseconds: slow - wait + 1))
    }
    return false
  }
}
