import HTTPModel
import Primitives
import Reactor
import Resilience
import Upstreams

/// The timeline of an exchange: what of its way is kept while it runs, and told when it has ended.
///
/// A request of one attempt leaves its facts where they are (`Attempt`, `AdmissionHold`) and pays a
/// few stores; only what is not the plain way is copied. Beside the journey and not in it: nothing
/// here decides anything.
extension Exchange {
  /// The attempt is over, and is told of once, whatever follows it.
  func noteAttempt(_ ending: AttemptTrace.Ending) {
    guard !attempt.isNoted, let trace = AttemptTrace(attempt, ending, since: clocks.startedAt, now)
    else {
      return
    }
    attempt.isNoted = true
    trail.add(trace)
  }

  /// The same of the hedge.
  func noteHedge(_ ending: AttemptTrace.Ending) {
    if let trace = AttemptTrace(hedge, ending, since: clocks.startedAt, now) {
      trail.add(trace)
    }
  }

  /// The way leads past the upstream that could not take it.
  func noteFallback(because kind: FailureKind, isAnswer: Bool) {
    guard let upstream else { return }
    trail.fell(
      ExchangeTrace.Fallback(
        from: upstream.plan.name, failure: kind, at: now.nanoseconds(since: clocks.startedAt),
        isAnswer: isAnswer))
  }

  /// It failed, took more than one attempt or a fallback, or was slow.
  @inline(__always)
  func isWorthExplaining(_ code: UInt16, _ nanoseconds: Int64) -> Bool {
    failure != nil || trail.isUsed || code >= 500 || (grpc.isCall && grpc.isServiceFault)
      || notes.shadowBits != 0
      || (nanoseconds >= worker.explainSlowNanoseconds && !answerProgress.isUpgraded)
  }

  /// Puts the timeline into the worker's ring.
  func explain(
    _ code: UInt16, _ nanoseconds: Int64, _ ending: ExchangeTrace.Ending,
    _ downstream: DownstreamStream
  ) {
    guard identifiers.trace != nil, worker.explainRing.capacity > 0 else { return }
    // Refused before any endpoint was asked, or by a shadow: many alike may come at once.
    let isShadowed = notes.shadowBits != 0 && failure == nil && !trail.isUsed && code < 500
    let isRefused =
      attempts.begun == 0
      && (failure?.row.side == .local || failure == .authorizationDenied
        || downstream.headPart != .whole)
    if isShadowed || isRefused, !worker.refusalRate.takes(now: now) { return }
    noteAttempt(lastEnding)
    trail.waitEnded(now)
    var trace = ExchangeTrace()
    trace.listener = listener?.settings.name ?? ""
    trace.route = route?.name
    trace.upstream = upstream?.plan.name
    trace.beganAt = loop.kernel.unixNanoseconds() - nanoseconds
    trace.status = code
    trace.failure = failure
    if grpc.isCall { trace.grpcStatus = grpc.label }
    trace.isGRPCFault = grpc.isServiceFault
    trace.detail = replyDetails.detail
    trace.ending = ending
    trace.duration = nanoseconds
    trace.headAt = answerProgress.headAt?.nanoseconds(since: clocks.startedAt)
    trace.requestBytes = requestProgress.bodyBytes
    trace.responseBytes = answerProgress.bodyBytes
    if answerProgress.headAt != nil { trace.responseLength = attempt.answerLength }
    fillPolicies(&trace, downstream.head)
    worker.explainRing.add(trace, attempts: &trail.attempts, self, downstream)
  }

  /// How the attempt went that was the last.
  private var lastEnding: AttemptTrace.Ending {
    if let failure, failure.row.side != .downstream, answerProgress.headAt == nil {
      return .failed(failure)
    }
    return answerProgress.headAt == nil ? .abandoned : .answered(status: attempt.answerStatus)
  }

  private func fillPolicies(_ trace: inout ExchangeTrace, _ head: RequestHead) {
    if let state = hold.state {
      trace.admittedAt = hold.admittedAt.nanoseconds(since: clocks.startedAt)
      if hold.ticket != .none, state.breaker != nil {
        trace.upstreamBreaker = BreakerMark(hold.ticket)
      }
      if hold.routeTicket != .none { trace.routeBreaker = BreakerMark(hold.routeTicket) }
    }
    trace.priority = hold.priority
    trace.deadline = allowedNanoseconds
    trace.isDeadlineGiven = clocks.clientDeadline != .distantFuture
    trace.fault = notes.fault
    trace.shadows = notes.shadows
    let isAnswered = trail.fallback?.isAnswer ?? false
    if failure == .circuitOpen || failure == .rateLimited, !isAnswered {
      trace.retryAfterSeconds = replyDetails.retryAfterSeconds
    }
    if failure == .authorizationDenied { trace.deniedBy = denyingKey }
    if failure == .circuitOpen, attempts.begun == 0 { trace.refusedBy = refusingBreaker }
    trace.waited = trail.waited
    trace.fallback = trail.fallback
    trace.hedgeAbsence = hedgeAbsence(head)
    trace.attemptsSkipped = trail.skipped
    trace.retryRefusal = attempts.refusal
  }

  /// The key of the file that denied it. The listener's policy is asked before there is a route.
  private var denyingKey: String {
    let place = route.map { ".routes.\($0.name)" } ?? ""
    let rule = notes.denyingRule.map { "rules[\($0)]" } ?? "default"
    return "listeners.\(listener?.settings.name ?? "")\(place).authorize.\(rule)"
  }

  private func hedgeAbsence(_ head: RequestHead) -> HedgeAbsence? {
    guard let policy = route?.policy?.hedge, let upstream, attempts.begun > 0,
      !attempt.isHedge, !trail.attempts.contains(where: \.isHedge)
    else { return nil }
    if trail.isHedgeRefused { return .refused }
    if head.hasBody { return .hasBody }
    if head.wantsUpgrade { return .upgrade }
    let isIdempotent = head.method.isIdempotent
    guard policy.delay(upstream.digest, isIdempotent: isIdempotent) == nil else {
      return .endedBefore
    }
    return isIdempotent ? .tooFewSamples : .notIdempotent
  }

  /// The breaker of the route is asked first, then that of the upstream, then those of its endpoints.
  private var refusingBreaker: BreakerRefusal? {
    let breakers: [(BreakerScope, CircuitBreaker?)] = [
      (.route, route?.policy?.breaker?.machine), (.upstream, upstream?.plan.state.breaker),
    ]
    for (scope, breaker) in breakers {
      guard let figures = breaker?.figures(now: now), figures.state != .closed else { continue }
      return BreakerRefusal(scope, figures, at: now)
    }
    return lastEndpointRefusal
  }

  /// The breakers of all endpoints refuse: that one tells why which opened last.
  private var lastEndpointRefusal: BreakerRefusal? {
    let open = (upstream?.endpoints ?? []).compactMap { endpoint in
      endpoint.state.breaker?.figures(now: now).opening.map { (endpoint.state, $0.at) }
    }
    guard let (state, _) = open.max(by: { $0.1 < $1.1 }), let breaker = state.breaker else {
      return nil
    }
    return BreakerRefusal(.endpoint, breaker.figures(now: now), endpoint: state.identity, at: now)
  }

  /// What the request was allowed in all, from its first byte; nil: no limit, or no upstream.
  var allowedNanoseconds: Int64? {
    guard upstream != nil else { return nil }
    let deadline = min(hold.deadline, clocks.clientDeadline, clocks.totalDeadline)
    if deadline != .distantFuture { return deadline.nanoseconds(since: clocks.startedAt) }
    return route?.timeout
  }
}
