import Primitives

/// Verdicts that fall before a call has ended, and what its end makes of them.
///
/// ```
/// admitted ──(slow, or the answer's head is good)── early ──(all of it came)── stands
///     │                                               ├────(its caller left)── stands
///     └──(ended)── recorded                           └──(broke off, failed)── amended: a failure
/// ```
///
/// Why: a call that has lasted `slowCall` is slow whether or not it ever ends, and a download of ten
/// minutes must not hold a probe for as long; but what breaks off after a good head has failed. An
/// early verdict counts the call at once, and leaves failures in a row alone until the call has
/// ended. Cost: O(1); an amended call of a window of calls is looked for in it.
extension CircuitBreakerMachine {
  /// A call that has lasted longer is slow; `.max`: none is.
  package var slowNanoseconds: Int64 { rules.slowCall }

  /// Counts a call that has not failed so far. `nanoseconds`: how long it has taken.
  package mutating func recordEarly(
    _ ticket: CircuitBreaker.Ticket, nanoseconds: Int64, _ now: Instant
  ) -> CircuitBreaker.Transition? {
    guard ticket.generation == generation else { return nil }
    let isSlow = nanoseconds > rules.slowCall
    switch ticket.bits & 3 {
    case CircuitBreaker.Ticket.Kind.counted.rawValue:
      settle(now)
      window.add(isFailure: false, isSlow: isSlow, now: now.nanoseconds)
      return verdict.map { move(to: .open, $0, now) }
    case CircuitBreaker.Ticket.Kind.probe.rawValue:
      return countProbe(.success, isSlow: isSlow, now)
    default:
      return nil
    }
  }

  /// Says how a call ended that was counted early, at `countedAt`. Probes that have closed the
  /// breaker and failed after all open it again, as they would have had they failed at once.
  package mutating func amend(
    _ ticket: CircuitBreaker.Ticket, _ outcome: Outcome, countedAt: Instant, _ now: Instant
  ) -> CircuitBreaker.Transition? {
    guard outcome != .ignored else { return nil }
    if ticket.isProbe { return amendProbe(ticket, outcome, now) }
    guard ticket.generation == generation,
      ticket.bits & 3 == CircuitBreaker.Ticket.Kind.counted.rawValue
    else { return nil }
    guard outcome == .failure else {
      consecutive = 0
      return nil
    }
    settle(now)
    window.turnIntoFailure(countedAt: countedAt.nanoseconds, now: now.nanoseconds)
    consecutive += 1
    return verdict.map { move(to: .open, $0, now) }
  }

  private mutating func amendProbe(
    _ ticket: CircuitBreaker.Ticket, _ outcome: Outcome, _ now: Instant
  ) -> CircuitBreaker.Transition? {
    let isRunning = phase == .halfOpen && ticket.generation == generation
    let hasClosed = phase == .closed && ticket.generation + 1 == generation
    guard outcome == .failure, isRunning || hasClosed else { return nil }
    probes.failed += 1
    return probes.failed >= rules.probesFailed ? move(to: .open, .probesFailed, now) : nil
  }
}
