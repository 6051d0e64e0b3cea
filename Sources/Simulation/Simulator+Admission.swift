import Primitives
import Resilience

/// Whether a request may go at all: the stages above the balancer, in the proxy's order.
extension Simulator {
  private static let shedder = PriorityShedder()

  /// `deadline`: the caller's, which the route's timeout can only shorten.
  mutating func begin(_ exchange: Int, deadline: Int64) {
    let link = Int(exchanges[exchange].link)
    let edge = links[link].edge
    series[clients.count + plan.edges[edge].target].counts.offered += 1
    let end = min(deadline, saturatingSum(now, plan.edges[edge].policy.timeout))
    exchanges[exchange].deadline = end
    links[link].requestCount += 1
    links[link].budget?.requestBegan()
    links[link].hedgeBudget?.requestBegan()
    if let refusal = refusal(exchange, link, edge) { return fall(exchange, refusal) }
    if end < plan.end {
      queue.push(
        Event(
          .deadline, at: end, index: exchange, generation: exchanges[exchange].generation))
    }
    tryOnce(exchange)
  }

  private mutating func refusal(_ exchange: Int, _ link: Int, _ edge: Int) -> Reason? {
    let deadline = exchanges[exchange].deadline
    if deadline != .max {
      let budget = DeadlineBudget(deadline: Instant(nanoseconds: deadline))
      if budget.isDoomed(instant, fastestNanoseconds: links[link].digest.fastestNanoseconds) {
        return .failure(.deadlineUnreachable)
      }
    }
    for limiter in links[link].rateLimiters where !limiter.admit(now: instant).isAdmitted {
      return .failure(.rateLimited)
    }
    let priority = RequestPriority(rawValue: exchanges[exchange].priority) ?? .normal
    let most = plan.edges[edge].policy.requestsMax
    // This request is counted already.
    if links[link].requestCount > most { return .failure(.requestsExceeded) }
    if !Self.shedder.admits(priority, inFlight: links[link].requestCount - 1, limit: most) {
      return .failure(.requestShed)
    }
    if let limiter = links[link].limiter {
      guard limiter.acquire(Self.shedder.ceiling(priority)) else {
        return .failure(
          limiter.inFlight < limiter.limit ? .requestShed : .concurrencyLimited)
      }
      exchanges[exchange].holdsLimit = true
    }
    return nil
  }

  /// Refused: the fallback, if that is what it is for.
  private mutating func fall(_ exchange: Int, _ refusal: Reason) {
    end(exchange, refusal)
  }

  /// Gives back what admission took.
  mutating func releaseHeld(_ exchange: Int, _ link: Int, _ reason: Reason) {
    links[link].requestCount -= 1
    if exchanges[exchange].holdsRetry { links[link].budget?.retryEnded() }
    if exchanges[exchange].holdsHedge { links[link].hedgeBudget?.retryEnded() }
    exchanges[exchange].holdsRetry = false
    exchanges[exchange].holdsHedge = false
    links[link].budget?.requestEnded()
    links[link].hedgeBudget?.requestEnded()
    if exchanges[exchange].holdsLimit {
      exchanges[exchange].holdsLimit = false
      links[link].limiter?.release(
        nanoseconds: now - exchanges[exchange].began, outcome: reason.outcome, now: instant)
    }
  }
}
