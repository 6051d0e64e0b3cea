import Primitives

/// Below the balancer: what happens once per attempt, on the sidecar's side.
extension Simulator {
  /// Picks an endpoint and sends the request there.
  mutating func send(_ exchange: Int) {
    let link = Int(exchanges[exchange].link)
    exchanges[exchange].phase = .trying
    guard let endpoint = links[link].pick() else {
      return conclude(exchange, .failure(.noEndpoint))
    }
    let edge = links[link].edge
    let target = plan.edges[edge].target
    let attempt = open(exchange, endpoint: endpoint, replica: services[target].firstReplica + endpoint)
    links[link].active[endpoint] += 1
    links[link].activeCount += 1
    series[clients.count + target].counts.attempts += 1
    if exchanges[exchange].attempts > 0 { series[clients.count + target].counts.retries += 1 }
    exchanges[exchange].attempts += 1
    exchanges[exchange].live += 1
    let perTry = plan.edges[edge].policy.perTryTimeout
    if perTry < exchanges[exchange].deadline - now {
      queue.push(
        Event(
          .perTryTimeout, at: now + perTry, index: attempt,
          generation: attempts[attempt].generation))
    }
    let delay = plan.delay(from: links[link].zone, to: replicas[Int(attempts[attempt].replica)].zone)
    guard delay > 0 else { return reach(attempt) }
    queue.push(
      Event(.reach, at: now + delay, index: attempt, generation: attempts[attempt].generation))
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
    links[link].active[Int(attempts[attempt].endpoint)] -= 1
    links[link].activeCount -= 1
    exchanges[exchange].live -= 1
    var before = Int(exchanges[exchange].firstAttempt)
    guard before != attempt else {
      exchanges[exchange].firstAttempt = attempts[attempt].sibling
      return
    }
    while Int(attempts[before].sibling) != attempt { before = Int(attempts[before].sibling) }
    attempts[before].sibling = attempts[attempt].sibling
  }
}
