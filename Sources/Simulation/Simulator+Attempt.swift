import Primitives
import Resilience
import Upstreams

/// Below the balancer: what happens once per attempt, on the sidecar's side.
extension Simulator {
  /// Picks an endpoint and sends the request there.
  mutating func send(_ exchange: Int) {
    let link = Int(exchanges[exchange].link)
    exchanges[exchange].phase = .trying
    guard let endpoint = links[link].pick(exchanges[exchange].tried, now: instant) else {
      return conclude(exchange, .failure(.noEndpoint))
    }
    send(exchange, to: endpoint, isHedge: false)
  }

  /// A second attempt beside one that is slow, if the budget and the connections allow it.
  mutating func sendHedge(_ exchange: Int) {
    let link = Int(exchanges[exchange].link)
    let edge = links[link].edge
    guard exchanges[exchange].phase == .trying, exchanges[exchange].live == 1,
      links[link].activeCount < plan.edges[edge].policy.connectionsMax,
      let budget = links[link].hedgeBudget, budget.tryBeginRetry()
    else { return }
    exchanges[exchange].holdsHedge = true
    guard let endpoint = links[link].pick(exchanges[exchange].tried, now: instant) else { return }
    series[clients.count + plan.edges[edge].target].counts.hedges += 1
    send(exchange, to: endpoint, isHedge: true)
  }

  private mutating func send(_ exchange: Int, to endpoint: Int, isHedge: Bool) {
    let link = Int(exchanges[exchange].link)
    let edge = links[link].edge
    let target = plan.edges[edge].target
    let attempt = open(exchange, endpoint: endpoint, replica: services[target].firstReplica + endpoint)
    links[link].balancer.began(endpoint)
    links[link].activeCount += 1
    series[clients.count + target].counts.attempts += 1
    if exchanges[exchange].attempts > 0, !isHedge {
      series[clients.count + target].counts.retries += 1
    }
    if plan.edges[edge].policy.isRepeating {
      exchanges[exchange].tried.insert(links[link].balancer.key(endpoint))
    }
    exchanges[exchange].attempts += 1
    exchanges[exchange].live += 1
    armTimers(exchange, attempt, link)
    let delay = plan.delay(from: links[link].zone, to: replicas[Int(attempts[attempt].replica)].zone)
    guard delay > 0 else { return reach(attempt) }
    queue.push(
      Event(.reach, at: now + delay, index: attempt, generation: attempts[attempt].generation))
  }

  private mutating func armTimers(_ exchange: Int, _ attempt: Int, _ link: Int) {
    let edge = links[link].edge
    let perTry = plan.edges[edge].policy.perTryTimeout
    if perTry < exchanges[exchange].deadline - now {
      queue.push(
        Event(
          .perTryTimeout, at: now + perTry, index: attempt,
          generation: attempts[attempt].generation))
    }
    guard exchanges[exchange].attempts == 1, let hedge = plan.edges[edge].policy.hedge,
      let delay = hedge.delay(
        links[link].digest, isIdempotent: exchanges[exchange].isIdempotent)
    else { return }
    queue.push(
      Event(
        .hedge, at: now + delay, index: exchange, generation: exchanges[exchange].generation))
  }

  private mutating func open(_ exchange: Int, endpoint: Int, replica: Int) -> Int {
    let attempt = attempts.take()
    attempts[attempt].exchange = UInt32(exchange)
    attempts[attempt].replica = UInt32(replica)
    attempts[attempt].endpoint = UInt32(endpoint)
    attempts[attempt].next = Attempt.none
    attempts[attempt].sibling = exchanges[exchange].firstAttempt
    attempts[attempt].firstCall = Attempt.none
    attempts[attempt].phase = .travelling
    attempts[attempt].isWanted = true
    attempts[attempt].isHedge = false
    attempts[attempt].result = .ok
    attempts[attempt].step = 0
    attempts[attempt].sentAt = now
    attempts[attempt].deadline = exchanges[exchange].deadline
    exchanges[exchange].firstAttempt = UInt32(attempt)
    return attempt
  }

  @inline(__always)
  mutating func free(_ attempt: Int) {
    attempts[attempt].phase = .free
    attempts.give(back: attempt)
  }

  /// Its answer is back.
  mutating func endAttempt(_ attempt: Int) {
    let exchange = Int(attempts[attempt].exchange)
    let reason = attempts[attempt].result
    settle(attempt, reason)
    let link = Int(exchanges[exchange].link)
    free(attempt)
    conclude(exchange, reason)
    serveWaiting(link)
  }

  mutating func expireAttempt(_ attempt: Int) {
    guard attempts[attempt].isWanted else { return }
    let exchange = Int(attempts[attempt].exchange)
    let link = Int(exchanges[exchange].link)
    let reason = Reason.failure(.perTryTimeout)
    leave(attempt, reason)
    conclude(exchange, reason)
    serveWaiting(link)
  }

  /// The sidecar waits for it no longer; the replica may go on.
  mutating func leave(_ attempt: Int, _ reason: Reason) {
    settle(attempt, reason)
    attempts[attempt].isWanted = false
    let service = replicas[Int(attempts[attempt].replica)].service
    if services[service].cancels || attempts[attempt].phase == .answering {
      withdraw(attempt)
    }
  }

  /// Takes it off the exchange and the link's counts, and tells the machines how it went.
  private mutating func settle(_ attempt: Int, _ reason: Reason) {
    let exchange = Int(attempts[attempt].exchange)
    let link = Int(exchanges[exchange].link)
    links[link].activeCount -= 1
    exchanges[exchange].live -= 1
    let outcome = reason.outcome
    let took = now - attempts[attempt].sentAt
    links[link].balancer.ended(
      Int(attempts[attempt].endpoint), nanoseconds: outcome == .ignored ? nil : took,
      isFailure: outcome == .failure, now: instant)
    if reason.isOK, plan.edges[links[link].edge].policy.isDigesting {
      links[link].learn(took, now: instant)
    }
    var before = Int(exchanges[exchange].firstAttempt)
    guard before != attempt else {
      exchanges[exchange].firstAttempt = attempts[attempt].sibling
      return
    }
    while Int(attempts[before].sibling) != attempt { before = Int(attempts[before].sibling) }
    attempts[before].sibling = attempts[attempt].sibling
  }
}
