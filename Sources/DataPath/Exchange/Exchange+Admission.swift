import HTTPModel
import Primitives
import Reactor
import Resilience
import Routing
import Telemetry
import Upstreams

/// Admission: whether the request may go at all. Once a request, in this order:
///
/// ```
/// deadline ── fault ── rate limit ── shedding ── adaptive limit ── breakers ── requests ── choose
/// ```
///
/// The deadline is first because it bounds all the rest; faults above everything that may refuse,
/// because they stand for a service that fails; rate limits above shedding, because who asks too
/// much is refused though there is room; the breakers below the limits, because a place among the
/// probes is not to be spent on what is refused anyway. All of it stands above the balancer: what is
/// refused here costs next to nothing, and who waits takes whichever endpoint frees first.
/// Fails as `deadline_unreachable`, `fault_injected`, `rate_limited`, `request_shed`,
/// `concurrency_limited`, `circuit_open`, `requests_exceeded`.
extension Exchange {
  func admit(to upstream: WorkerUpstream, _ downstream: DownstreamStream) {
    self.upstream = upstream
    readDeadline(downstream)
    armTimeout()
    if isDoomed(upstream) { return fail(.deadlineUnreachable) }
    guard let faults = route?.policy?.faults else { return admitBehindFaults(upstream, downstream) }
    inject(faults, upstream, downstream)
  }

  // MARK: Faults

  private func inject(
    _ faults: RoutePolicy.Faults, _ upstream: WorkerUpstream, _ downstream: DownstreamStream
  ) {
    guard isMeant(faults, downstream) else { return admitBehindFaults(upstream, downstream) }
    let fault = faults.plan.decide(random: &worker.random)
    notes.fault = fault
    guard fault.delayNanoseconds > 0 else { return admitBehindFaults(upstream, downstream) }
    shard.add(worker.metrics.faults(.delay))
    go(to: .delayed)
    clocks.resume(at: now.advanced(byNanoseconds: fault.delayNanoseconds))
    armDeadline(downstream)
  }

  private func isMeant(_ faults: RoutePolicy.Faults, _ downstream: DownstreamStream) -> Bool {
    if faults.fields.isEmpty { return true }
    guard client.isTrusted else { return false }
    let block = downstream.headBlock
    let bytes = block.readable
    for (key, value) in faults.fields {
      guard let found = key.first(in: downstream.head, bytes) else { return false }
      if let value, !FieldKey.isSame(bytes.extracting(found.bounds), value) { return false }
    }
    return true
  }

  /// True: the fault was the end of the request.
  private func endByFault(_ downstream: DownstreamStream) -> Bool {
    let fault = notes.fault
    if fault.bytesPerSecond != nil { shard.add(worker.metrics.faults(.bandwidth)) }
    switch fault.ending {
    case .none: return false
    case .abort(let status):
      shard.add(worker.metrics.faults(.abort))
      replyDetails.answer(status)
      fail(.faultInjected)
    case .reset:
      shard.add(worker.metrics.faults(.reset))
      result.fails(as: .faultInjected)
      result.answers(FailureKind.faultInjected.row.status)
      cut(downstream)
    }
    return true
  }

  // MARK: The rest

  /// Goes on behind the faults.
  func admitBehindFaults(_ upstream: WorkerUpstream, _ downstream: DownstreamStream) {
    let policy = route?.policy
    if let policy {
      if notes.fault != .none, endByFault(downstream) { return }
      if !policy.rateLimits.isEmpty, let failure = limitRate(policy, upstream, downstream) {
        return fail(failure)
      }
      if let retry = policy.retry, retry.isRetrying, mayRepeat(downstream.head, retry) {
        downstream.keep(upTo: retry.bodyBytesMax)
      }
    }
    pass(upstream, policy, downstream)
  }

  /// The request may be sent again once some of it was sent: its body is worth keeping.
  private func mayRepeat(_ head: RequestHead, _ retry: RetryPolicy) -> Bool {
    head.method.isIdempotent || retry.isNonIdempotentAllowed
      || (retry.isIdempotencyKeyHonoured && head.present.contains(.idempotencyKey))
  }

  /// The policies of the upstream; gone through again for a fallback.
  func pass(
    _ upstream: WorkerUpstream, _ policy: RoutePolicy?, _ downstream: DownstreamStream
  ) {
    let state = upstream.plan.state
    hold.begin(state, now, until: min(clocks.headDeadline, clocks.totalDeadline))
    let ceiling = ceiling(policy, downstream)
    if let limiter = state.limiter {
      if limiter.acquire(ceiling) {
        hold.takes(.limiter)
      } else if let failure = refusal(by: limiter, ceiling, state) {
        return giveUp(failure)
      }
    }
    guard passBreakers(policy, state, downstream) else { return giveUp(.circuitOpen) }
    if state.limits.acquire(.requests, ceiling) {
      hold.takes(.requestSlot)
    } else if let failure = refusal(byRequestsOf: state, ceiling) {
      return giveUp(failure)
    }
    state.budget.requestBegan()
    hold.takes(.request)
    if let budget = policy?.hedgeBudget {
      budget.requestBegan()
      hold.takes(.hedgeable)
    }
    choose(upstream, downstream)
  }

  /// The part of the limits that the request's class may fill.
  private func ceiling(_ policy: RoutePolicy?, _ downstream: DownstreamStream) -> Share {
    guard let settings, settings.shedsByPriority else { return .all }
    var priority = policy?.priority ?? .normal
    let block = downstream.headBlock
    let bytes = block.readable
    if client.isTrusted, let value = settings.priorityField.first(in: downstream.head, bytes),
      let given = RequestPriority.named(bytes.extracting(value.bounds))
    {
      priority = given
    }
    hold.classify(priority)
    return Self.shedder.ceiling(priority)
  }

  private static let shedder = PriorityShedder()

  private func limitRate(
    _ policy: RoutePolicy, _ upstream: WorkerUpstream, _ downstream: DownstreamStream
  ) -> FailureKind? {
    for limit in policy.rateLimits {
      let now = now
      // Who has no such field shares one bucket: leaving it out is no way around the limit.
      let verdict =
        limit.key?.with(self, downstream) { limit.limiter.admit(key: $0, now: now) }
        ?? limit.limiter.admit(now: now)
      if case .limited = verdict {
        if limit.isShadow {
          noteShadow(.rateLimit, upstream.plan.state)
          continue
        }
        replyDetails.limit(verdict, limit.limiter.policy)
        return .rateLimited
      }
    }
    return nil
  }

  private func passBreakers(
    _ policy: RoutePolicy?, _ state: UpstreamState, _ downstream: DownstreamStream
  ) -> Bool {
    if !attempts.usesFallback, let breaker = policy?.breaker {
      switch breaker.machine.admit(now: now) {
      case .admitted(let ticket):
        hold.passesRouteBreaker(ticket)
        if let change = ticket.transition(at: now) {
          upstream?.told(change, .route, route: routeSubject)
        }
      case .refused(let nanoseconds):
        return noteRefusal(after: nanoseconds, .route)
      }
    }
    if let breaker = state.breaker {
      switch breaker.admit(now: now) {
      case .admitted(let ticket):
        hold.passesBreaker(ticket)
        if let change = ticket.transition(at: now) { upstream?.told(change, .upstream) }
      case .refused(let nanoseconds):
        return noteRefusal(after: nanoseconds, .upstream)
      }
    }
    return true
  }

  /// A breaker refuses; always false.
  @discardableResult
  func noteRefusal(after nanoseconds: Int64, _ scope: BreakerScope) -> Bool {
    replyDetails.refuse(scope.detail, forNanoseconds: nanoseconds)
    if let upstream { shard.add(upstream.metrics.refused(scope)) }
    return false
  }

  // MARK: Fallback

  /// Ends as `kind`, unless the route has something else to offer.
  func giveUp(_ kind: FailureKind, _ detail: StaticString = "") {
    guard let downstream, let policy = route?.policy, let fallback = policy.fallback,
      attempts.fallsBack(from: kind)
    else { return fail(kind, kind == .circuitOpen ? replyDetails.detail : detail) }
    var isAnswer = false
    if case .respond = fallback { isAnswer = true }
    noteFallback(because: kind, isAnswer: isAnswer)
    giveBackAdmission()
    if let upstream { shard.add(upstream.metrics.fallbacks) }
    switch fallback {
    case .respond(let response):
      result.fails(as: kind)
      reply(downstream, .response(response))
    case .upstream(let position):
      guard let listener, let route else { return fail(kind) }
      seriesIndex = position
      replyDetails.explain("")
      let other = listener.targets[route.upstreams[position]]
      upstream = other
      pass(other, policy, downstream)
    }
  }
}
