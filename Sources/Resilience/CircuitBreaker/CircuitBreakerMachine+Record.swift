import Primitives

extension CircuitBreakerMachine {
  /// Counts how an admitted call went. `nanoseconds`: how long it took; of one that says nothing of
  /// the service because its caller left, how long it had lasted, which may be slow by itself.
  package mutating func record(
    _ ticket: CircuitBreaker.Ticket, _ outcome: Outcome, nanoseconds: Int64, _ now: Instant
  ) -> CircuitBreaker.Transition? {
    guard ticket.generation == generation else { return nil }
    if outcome == .ignored, nanoseconds > rules.slowCall {
      return recordEarly(ticket, nanoseconds: nanoseconds, now)
    }
    switch ticket.bits & 3 {
    case CircuitBreaker.Ticket.Kind.counted.rawValue:
      guard outcome != .ignored else { return tellRecovery(now) }
      return count(
        isFailure: outcome == .failure, isSlow: nanoseconds > rules.slowCall, now)
    case CircuitBreaker.Ticket.Kind.probe.rawValue:
      return countProbe(outcome, isSlow: nanoseconds > rules.slowCall, now)
    default:
      return nil
    }
  }

  private mutating func count(
    isFailure: Bool, isSlow: Bool, _ now: Instant
  ) -> CircuitBreaker.Transition? {
    settle(now)
    window.add(isFailure: isFailure, isSlow: isSlow, now: now.nanoseconds)
    consecutive = isFailure ? consecutive + 1 : 0
    guard let reason = verdict else { return tellRecovery(now) }
    return move(to: .open, reason, now)
  }

  /// Why a closed breaker must open. A success can be the call that makes a rate believable.
  var verdict: CircuitBreaker.Reason? {
    if consecutive >= rules.consecutiveFailures, ramp == nil || rules.failureRate == nil {
      return .consecutiveFailures
    }
    let total = window.total
    guard total.failures | total.slow != 0, Int(total.calls) >= rules.minimumCalls else {
      return nil
    }
    let calls = UInt64(total.calls)
    if let rate = rules.failureRate, total.failures > 0,
      rate.isReached(by: UInt64(total.failures), of: calls)
    {
      return .failureRate
    }
    if let rate = rules.slowCallRate, total.slow > 0,
      rate.isReached(by: UInt64(total.slow), of: calls)
    {
      return .slowCallRate
    }
    return nil
  }

  mutating func countProbe(
    _ outcome: Outcome, isSlow: Bool, _ now: Instant
  ) -> CircuitBreaker.Transition? {
    probes.inFlight -= 1
    guard outcome != .ignored else { return nil }
    probes.counted += 1
    if outcome == .failure { probes.failed += 1 }
    if isSlow { probes.slow += 1 }
    if probes.failed >= rules.probesFailed { return move(to: .open, .probesFailed, now) }
    if probes.slow >= rules.probesSlow { return move(to: .open, .probesSlow, now) }
    let left = rules.probes - probes.counted
    if probes.failed + left < rules.probesFailed, probes.slow + left < rules.probesSlow {
      return move(to: .closed, .probesSucceeded, now)
    }
    return nil
  }

  package func figures(_ now: Instant) -> CircuitBreaker.Figures {
    var counts = window
    if phase == .closed { counts.advance(to: now.nanoseconds) }
    let isProbing = phase == .halfOpen
    let calls = isProbing ? probes.counted : Int(counts.total.calls)
    let failures = isProbing ? probes.failed : Int(counts.total.failures)
    let slow = isProbing ? probes.slow : Int(counts.total.slow)
    func rate(_ part: Int) -> Share {
      Share(basisPoints: calls == 0 ? 0 : part * 10_000 / calls)
    }
    return CircuitBreaker.Figures(
      state: state, underlying: mode == .enforced || mode == .shadow ? underlying : state,
      calls: calls, failures: failures, slow: slow, failureRate: rate(failures),
      slowCallRate: rate(slow), consecutiveFailures: consecutive,
      openUntil: phase == .open ? until : nil,
      probesInFlight: isProbing ? probes.inFlight : 0,
      openings: openings, opening: opening, admittedShare: admittedShare(now),
      openFor: phase == .open ? .nanoseconds(max(until.nanoseconds(since: now), 0)) : nil)
  }

  private func admittedShare(_ now: Instant) -> Share {
    switch mode {
    case .forcedOpen: return .zero
    case .shadow, .disabled: return .all
    case .enforced: break
    }
    guard phase == .closed else { return .zero }
    guard let ramp, now.nanoseconds < ramp.upperBound else { return .all }
    return Share(basisPoints: Int(share(of: ramp, now)))
  }
}
