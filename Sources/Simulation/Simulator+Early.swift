import Primitives
import Resilience

/// What breakers hear before a call has ended: that it has lasted `slow_call`, as the proxy's
/// `Exchange+Early` tells them. Answers have no bodies here, so that nothing is heard of heads.
extension Simulator {
  /// The first attempt of an exchange begins.
  mutating func watchSlow(_ exchange: Int, _ link: Int) {
    let slow = min(
      exchanges[exchange].ticket == nil ? .max : links[link].breaker?.slowNanoseconds ?? .max,
      exchanges[exchange].routeTicket == nil
        ? .max : links[link].routeBreaker?.slowNanoseconds ?? .max)
    guard slow != .max else { return }
    queue.push(
      Event(
        .slow, at: saturatingSum(max(now, exchanges[exchange].admittedAt + slow), 1),
        index: exchange, generation: exchanges[exchange].generation))
  }

  mutating func watchSlowAttempt(_ attempt: Int, _ link: Int) {
    guard attempts[attempt].ticket != nil else { return }
    let endpoint = Int(attempts[attempt].endpoint)
    let slow = links[link].endpointBreakers[endpoint].slowNanoseconds
    guard slow != .max else { return }
    queue.push(
      Event(
        .slowAttempt, at: saturatingSum(now, slow) + 1, index: attempt,
        generation: attempts[attempt].generation))
  }

  /// The exchange is slow for one of its breakers; the other may have to hear so later.
  mutating func tellSlow(_ exchange: Int) {
    let link = Int(exchanges[exchange].link)
    let edge = links[link].edge
    let took = now - exchanges[exchange].admittedAt
    let instant = instant
    var next = Int64.max
    if let ticket = exchanges[exchange].ticket, exchanges[exchange].toldAt < 0,
      let slow = links[link].breaker?.slowNanoseconds
    {
      if took > slow {
        exchanges[exchange].toldAt = now
        let change = links[link].breaker?.recordEarly(ticket, nanoseconds: took, instant)
        count(change, edge)
      } else {
        next = slow
      }
    }
    if let ticket = exchanges[exchange].routeTicket, exchanges[exchange].routeToldAt < 0,
      let slow = links[link].routeBreaker?.slowNanoseconds
    {
      if took > slow {
        exchanges[exchange].routeToldAt = now
        let change = links[link].routeBreaker?.recordEarly(ticket, nanoseconds: took, instant)
        count(change, edge)
      } else {
        next = min(next, slow)
      }
    }
    guard next != .max else { return }
    queue.push(
      Event(
        .slow, at: saturatingSum(exchanges[exchange].admittedAt, next) + 1, index: exchange,
        generation: exchanges[exchange].generation))
  }

  mutating func tellSlowAttempt(_ attempt: Int) {
    guard attempts[attempt].isWanted, let ticket = attempts[attempt].ticket else { return }
    let link = Int(exchanges[Int(attempts[attempt].exchange)].link)
    attempts[attempt].toldAt = now
    let instant = instant
    let change = links[link].endpointBreakers[Int(attempts[attempt].endpoint)].recordEarly(
      ticket, nanoseconds: now - attempts[attempt].sentAt, instant)
    if change != nil || ticket.isProbe { links[link].nextLook = 0 }
  }

  /// How an exchange ended, told to a breaker that admitted it: as the last word on it, or the only
  /// one.
  static func settle(
    _ breaker: inout CircuitBreakerMachine?, _ ticket: CircuitBreaker.Ticket, _ outcome: Outcome,
    nanoseconds: Int64, toldAt: Int64, _ now: Instant
  ) -> CircuitBreaker.Transition? {
    toldAt < 0
      ? breaker?.record(ticket, outcome, nanoseconds: nanoseconds, now)
      : breaker?.amend(ticket, outcome, countedAt: Instant(nanoseconds: toldAt), now)
  }
}
