import Primitives
import Resilience
import Upstreams

/// Below the balancer: what happens once per attempt, on the sidecar's side.
extension Simulator {
  /// Picks an endpoint and sends the request there.
  mutating func send(_ exchange: Int) {
    let link = Int(exchanges[exchange].link)
    exchanges[exchange].phase = .trying
    guard let choice = links[link].pick(exchanges[exchange].tried, now: instant) else {
      return conclude(exchange, links[link].pickRefusal)
    }
    send(exchange, to: choice, isHedge: false)
  }

  /// A second attempt beside one that is slow, if the budget and the connections allow it.
  mutating func sendHedge(_ exchange: Int) {
    let link = Int(exchanges[exchange].link)
    let edge = links[link].edge
    guard exchanges[exchange].phase == .trying, exchanges[exchange].live == 1,
      links[link].activeCount < plan.edges[edge].policy.connectionsMax,
      let budget = links[link].hedgeBudget, budget.tryBeginRetry()
    else { return }
    guard
      let choice = links[link].pick(exchanges[exchange].tried, isHedge: true, now: instant)
    else { return budget.retryEnded() }
    // No other endpoint is free: twice at the same one helps nobody.
    if exchanges[exchange].tried.contains(links[link].balancer.key(choice.endpoint)) {
      if let ticket = choice.ticket {
        _ = links[link].endpointBreakers[choice.endpoint].record(
          ticket, .ignored, nanoseconds: 0, instant)
      }
      return budget.retryEnded()
    }
    exchanges[exchange].holdsHedge = true
    series[clients.count + plan.edges[edge].target].counts.hedges += 1
    send(exchange, to: choice, isHedge: true)
  }

  private mutating func send(_ exchange: Int, to choice: Link.Choice, isHedge: Bool) {
    let endpoint = choice.endpoint
    let link = Int(exchanges[exchange].link)
    let edge = links[link].edge
    let target = plan.edges[edge].target
    let attempt = open(
      exchange, endpoint: endpoint, replica: services[target].firstReplica + endpoint)
    attempts[attempt].ticket = choice.ticket
    attempts[attempt].isHedge = isHedge
    attempts[attempt].isFirst = exchanges[exchange].attempts == 0
    attempts[attempt].deadline = min(
      exchanges[exchange].deadline, saturatingSum(now, plan.edges[edge].policy.perTryTimeout))
    links[link].balancer.began(endpoint)
    links[link].activeCount += 1
    series[clients.count + target].counts.attempts += 1
    if exchanges[exchange].attempts > 0, !isHedge {
      series[clients.count + target].counts.retries += 1
    }
    if plan.edges[edge].policy.isRepeating {
      exchanges[exchange].tried.insert(links[link].balancer.key(endpoint))
    }
    if exchanges[exchange].attempts == 0 { watchSlow(exchange, link) }
    watchSlowAttempt(attempt, link)
    exchanges[exchange].attempts += 1
    exchanges[exchange].live += 1
    armTimers(exchange, attempt, link)
    let delay = plan.delay(
      from: links[link].zone, to: replicas[Int(attempts[attempt].replica)].zone)
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
    attempts[attempt].client = exchanges[exchange].client
    attempts[attempt].priority = exchanges[exchange].priority
    attempts[attempt].next = SimulatedAttempt.none
    attempts[attempt].sibling = exchanges[exchange].firstAttempt
    attempts[attempt].firstCall = SimulatedExchange.none
    attempts[attempt].phase = .travelling
    attempts[attempt].isWanted = true
    attempts[attempt].isHedge = false
    attempts[attempt].isDegraded = false
    attempts[attempt].toldAt = -1
    attempts[attempt].result = .ok
    attempts[attempt].step = 0
    attempts[attempt].sentAt = now
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
    exchanges[exchange].isDegraded = attempts[attempt].isDegraded
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
    // Another attempt was answered: that says nothing of this one.
    settle(attempt, reason.isOK ? .failure(.downstreamClosed) : reason)
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
    if attempts[attempt].isHedge, exchanges[exchange].holdsHedge {
      exchanges[exchange].holdsHedge = false
      links[link].hedgeBudget?.retryEnded()
    }
    tell(attempt, at: link, reason)
    var before = Int(exchanges[exchange].firstAttempt)
    guard before != attempt else {
      exchanges[exchange].firstAttempt = attempts[attempt].sibling
      return
    }
    while Int(attempts[before].sibling) != attempt { before = Int(attempts[before].sibling) }
    attempts[before].sibling = attempts[attempt].sibling
  }

  private mutating func tell(_ attempt: Int, at link: Int, _ reason: Reason) {
    let edge = links[link].edge
    let outcome = reason.outcome(plan.edges[edge].policy.endpointClassifier)
    let took = now - attempts[attempt].sentAt
    let endpoint = Int(attempts[attempt].endpoint)
    links[link].balancer.ended(
      endpoint, nanoseconds: outcome == .ignored ? nil : took, isFailure: outcome == .failure,
      now: instant)
    if attempts[attempt].isFirst, plan.edges[edge].policy.isDigesting {
      links[link].learn(took, outcome, reason, now: instant)
    }
    guard plan.edges[edge].policy.isWatchingEndpoints else { return }
    let isEjected = links[link].record(
      endpoint, attempts[attempt].ticket, toldAt: attempts[attempt].toldAt, reason, outcome,
      nanoseconds: took, now: instant)
    if isEjected { series[clients.count + plan.edges[edge].target].counts.ejections += 1 }
  }
}
