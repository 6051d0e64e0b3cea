import Primitives
import Resilience
import Upstreams

/// Below the balancer: what happens once per attempt, on the sidecar's side.
extension Simulator {
  /// Picks an endpoint and sends the request there.
  mutating func send(_ exchange: Int) {
    let link = Int(exchanges[exchange].link)
    exchanges[exchange].phase = .trying
    guard let choice = links[link].pick(exchanges[exchange].attempts.tried, now: instant) else {
      // Nobody was asked: there is no attempt that could be made again.
      return giveUp(exchange, links[link].pickRefusal)
    }
    exchanges[exchange].attempts.attemptBegins()
    send(exchange, to: choice, isHedge: false)
  }

  /// A second attempt beside one that is slow, if the budget and the connections allow it.
  mutating func sendHedge(_ exchange: Int) {
    let link = Int(exchanges[exchange].link)
    let edge = links[link].edge
    guard exchanges[exchange].phase == .trying,
      exchanges[exchange].firstAttempt != SimulatedAttempt.none,
      let budget = links[link].hedgeBudget,
      exchanges[exchange].attempts.tryHedge(budget) == .hedge
    else { return }
    let first = Int(attempts[Int(exchanges[exchange].firstAttempt)].endpoint)
    var tried = exchanges[exchange].attempts.tried
    tried.insert(links[link].balancer.key(first))
    guard links[link].activeCount < plan.edges[edge].policy.connectionsMax,
      let choice = links[link].pick(tried, isHedge: true, now: instant)
    else { return exchanges[exchange].attempts.hedgeRefused(budget) }
    // No other endpoint is free: twice at the same one helps nobody.
    if tried.contains(links[link].balancer.key(choice.endpoint)) {
      if let ticket = choice.ticket {
        _ = links[link].endpointBreakers[choice.endpoint].record(
          ticket, .ignored, nanoseconds: 0, instant)
      }
      return exchanges[exchange].attempts.hedgeRefused(budget)
    }
    exchanges[exchange].attempts.hedgeBegan()
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
    let isFirst = exchanges[exchange].attempts.begun == 1 && !isHedge
    attempts[attempt].isFirst = isFirst
    attempts[attempt].deadline = min(
      exchanges[exchange].deadline, saturatingSum(now, plan.edges[edge].policy.perTryTimeout))
    links[link].balancer.began(endpoint)
    links[link].activeCount += 1
    series[clients.count + target].counts.attempts += 1
    if exchanges[exchange].attempts.takeReason() != nil {
      series[clients.count + target].counts.retries += 1
    }
    if isFirst { watchSlow(exchange, link) }
    watchSlowAttempt(attempt, link)
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
    guard attempts[attempt].isFirst,
      let delay = exchanges[exchange].attempts.hedgeDelay(
        plan.edges[edge].policy.hedge, links[link].digest,
        isIdempotent: exchanges[exchange].isIdempotent, isRepeatable: true)
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
    let endpoint = links[link].balancer.key(Int(attempts[attempt].endpoint))
    let isHedge = attempts[attempt].isHedge
    free(attempt)
    conclude(exchange, reason, at: endpoint, ofHedge: isHedge)
    serveWaiting(link)
  }

  mutating func expireAttempt(_ attempt: Int) {
    guard attempts[attempt].isWanted else { return }
    let exchange = Int(attempts[attempt].exchange)
    let link = Int(exchanges[exchange].link)
    let reason = Reason.failure(.perTryTimeout)
    let endpoint = links[link].balancer.key(Int(attempts[attempt].endpoint))
    let isHedge = attempts[attempt].isHedge
    leave(attempt, reason)
    conclude(exchange, reason, at: endpoint, ofHedge: isHedge)
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
