import Primitives
import Resilience
import Upstreams

/// Whether a request may go at all: the stages above the balancer, in the proxy's order.
///
///     deadline ── rate limit ── adaptive limit, shedding ── breakers ── requests ── (balancer)
extension Simulator {
  private static let shedder = PriorityShedder()

  /// `deadline`: the caller's, which the route's timeout can only shorten.
  mutating func begin(_ exchange: Int, deadline: Int64) {
    let edge = links[Int(exchanges[exchange].link)].edge
    let end = min(deadline, saturatingSum(now, plan.edges[edge].policy.timeout))
    exchanges[exchange].deadline = end
    let generation = exchanges[exchange].generation
    enter(exchange, isBounded: deadline != .max)
    // It may have ended at once.
    guard end < plan.end, exchanges[exchange].generation == generation else { return }
    queue.push(Event(.deadline, at: end, index: exchange, generation: generation))
  }

  /// Gone through again for a fallback. `isBounded`: the caller gave a deadline.
  private mutating func enter(_ exchange: Int, isBounded: Bool) {
    let link = Int(exchanges[exchange].link)
    let edge = links[link].edge
    series[clients.count + plan.edges[edge].target].counts.offered += 1
    exchanges[exchange].admittedAt = now
    links[link].requestCount += 1
    links[link].budget?.requestBegan()
    links[link].hedgeBudget?.requestBegan()
    if let refusal = refusal(exchange, link, isBounded) { return giveUp(exchange, refusal) }
    tryOnce(exchange)
  }

  private mutating func refusal(_ exchange: Int, _ link: Int, _ isBounded: Bool) -> Reason? {
    if isBounded {
      let budget = DeadlineBudget(
        deadline: Instant(nanoseconds: exchanges[exchange].deadline))
      let fastest = links[link].digest.fastestNanoseconds(now: instant)
      if budget.isDoomed(instant, fastestNanoseconds: fastest) {
        return .failure(.deadlineUnreachable)
      }
    }
    if !exchanges[exchange].attempts.usesFallback {
      for limiter in links[link].rateLimiters where !limiter.admit(now: instant).isAdmitted {
        return .failure(.rateLimited)
      }
    }
    let priority = RequestPriority(rawValue: exchanges[exchange].priority) ?? .normal
    let sheds = plan.shedsByPriority && plan.edges[links[link].edge].policy.sheds
    let ceiling = sheds ? Self.shedder.ceiling(priority) : .all
    if let limiter = links[link].limiter {
      guard limiter.acquire(ceiling) else {
        return .failure(limiter.inFlight < limiter.limit ? .requestShed : .concurrencyLimited)
      }
      exchanges[exchange].holdsLimit = true
    }
    if !passBreakers(exchange, link) { return .failure(.circuitOpen) }
    return refusalByCount(link, ceiling)
  }

  /// This request is counted already.
  private func refusalByCount(_ link: Int, _ ceiling: Share) -> Reason? {
    let most = plan.edges[links[link].edge].policy.requestsMax
    let count = links[link].requestCount
    if count > most { return .failure(.requestsExceeded) }
    // Rounded up, as `ResourceLimits` does it.
    let allowed = (most * Int(ceiling.basisPoints) + 9_999) / 10_000
    return count > allowed ? .failure(.requestShed) : nil
  }

  private mutating func passBreakers(_ exchange: Int, _ link: Int) -> Bool {
    let instant = instant
    if !exchanges[exchange].attempts.usesFallback,
      let admission = links[link].routeBreaker?.admit(instant)
    {
      guard case .admitted(let ticket) = admission else { return false }
      exchanges[exchange].routeTicket = ticket
    }
    if let admission = links[link].breaker?.admit(instant) {
      guard case .admitted(let ticket) = admission else { return false }
      exchanges[exchange].ticket = ticket
    }
    return true
  }

  // MARK: The other end

  /// Ends as `reason`, unless the route has something else to offer.
  mutating func giveUp(_ exchange: Int, _ reason: Reason) {
    let edge = links[Int(exchanges[exchange].link)].edge
    guard let fallback = plan.edges[edge].policy.fallback, let failure = reason.failure,
      exchanges[exchange].attempts.fallsBack(from: failure)
    else { return end(exchange, reason) }
    series[clients.count + plan.edges[edge].target].counts.fallbacks += 1
    switch fallback {
    case .answer(let isGood): end(exchange, isGood ? .fallback : reason)
    case .edge(let other):
      let caller = Int(exchanges[exchange].link) - plan.edges[edge].firstLink
      close(exchange, reason)
      exchanges[exchange].link = UInt32(
        plan.edges[other].firstLink + (plan.edges[other].linkCount == 1 ? 0 : caller))
      enter(exchange, isBounded: false)
    }
  }

  /// Gives back what admission took, and tells its machines how it went.
  mutating func releaseHeld(_ exchange: Int, _ link: Int, _ reason: Reason) {
    links[link].requestCount -= 1
    exchanges[exchange].attempts.retryEnded(links[link].budget)
    _ = exchanges[exchange].attempts.hedgeEnded(links[link].hedgeBudget)
    links[link].budget?.requestEnded()
    links[link].hedgeBudget?.requestEnded()
    let edge = links[link].edge
    let instant = instant
    let outcome = reason.outcome(plan.edges[edge].policy.classifier)
    let routeOutcome = reason.outcome(plan.edges[edge].policy.routeClassifier)
    // What was refused here, or waited for a connection only, says nothing by how long it took.
    let isTimed = outcome != .ignored || reason.isCut && exchanges[exchange].attempts.begun > 0
    let took = isTimed ? now - exchanges[exchange].admittedAt : 0
    if exchanges[exchange].holdsLimit {
      exchanges[exchange].holdsLimit = false
      if outcome == .ignored {
        links[link].limiter?.release(atLeast: took, now: instant)
      } else {
        links[link].limiter?.release(nanoseconds: took, outcome: outcome, now: instant)
      }
    }
    if let ticket = exchanges[exchange].ticket {
      exchanges[exchange].ticket = nil
      let change = Self.settle(
        &links[link].breaker, ticket, outcome, nanoseconds: took,
        toldAt: exchanges[exchange].toldAt, instant)
      count(change, edge)
    }
    if let ticket = exchanges[exchange].routeTicket {
      exchanges[exchange].routeTicket = nil
      let change = Self.settle(
        &links[link].routeBreaker, ticket, routeOutcome, nanoseconds: took,
        toldAt: exchanges[exchange].routeToldAt, instant)
      count(change, edge)
    }
    exchanges[exchange].toldAt = -1
    exchanges[exchange].routeToldAt = -1
  }

  mutating func count(_ change: CircuitBreaker.Transition?, _ edge: Int) {
    guard change?.to == .open else { return }
    series[clients.count + plan.edges[edge].target].counts.openings += 1
  }
}
