import Primitives
import Resilience
import Upstreams

/// Above the balancer: what happens once per request.
extension Simulator {
  // MARK: Clients

  mutating func scheduleArrival(_ client: Int) {
    if let time = clients[client].nextArrival(after: Double(now)) {
      queue.push(Event(.arrival, at: max(Int64(time), now), index: client))
    }
  }

  mutating func arrive(_ client: Int) {
    scheduleArrival(client)
    series[client].counts.offered += 1
    let edge = clients[client].edge
    let sidecar =
      clients[client].sidecars == 1
      ? 0 : Int(clients[client].random.below(UInt32(clients[client].sidecars)))
    let exchange = make(edge: edge, caller: sidecar, priority: clients[client].priority)
    exchanges[exchange].client = UInt16(client)
    exchanges[exchange].isIdempotent = clients[client].isIdempotent
    begin(exchange, deadline: saturatingSum(now, clients[client].patience))
  }

  // MARK: A new exchange

  /// `caller`: the replica of the caller.
  mutating func make(edge: Int, caller: Int, priority: UInt8) -> Int {
    let exchange = exchanges.take()
    let link = plan.edges[edge].firstLink + (plan.edges[edge].linkCount == 1 ? 0 : caller)
    exchanges[exchange].link = UInt32(link)
    exchanges[exchange].parent = SimulatedExchange.none
    exchanges[exchange].sibling = SimulatedExchange.none
    exchanges[exchange].firstAttempt = SimulatedAttempt.none
    exchanges[exchange].phase = .trying
    exchanges[exchange].attempts = AttemptLoop()
    exchanges[exchange].priority = priority
    exchanges[exchange].isOptional = false
    exchanges[exchange].isIdempotent = true
    exchanges[exchange].isDegraded = false
    exchanges[exchange].ticket = nil
    exchanges[exchange].routeTicket = nil
    exchanges[exchange].toldAt = -1
    exchanges[exchange].routeToldAt = -1
    exchanges[exchange].began = now
    return exchange
  }

  // MARK: Its attempts

  /// The first attempt, or another one: when a connection is free.
  mutating func tryOnce(_ exchange: Int) {
    let link = Int(exchanges[exchange].link)
    let edge = links[link].edge
    if links[link].activeCount < plan.edges[edge].policy.connectionsMax {
      return send(exchange)
    }
    guard links[link].waiting.count < plan.edges[edge].policy.pendingMax else {
      return end(exchange, .failure(.pendingOverflow))
    }
    let ticket = links[link].waiting.push(
      now: instant,
      deadline: Instant(
        nanoseconds: saturatingSum(now, plan.edges[edge].policy.pendingTimeout)))
    if links[link].waiters.count <= Int(ticket) { links[link].waiters.append(0) }
    links[link].waiters[Int(ticket)] = UInt32(exchange)
    exchanges[exchange].place = ticket
    exchanges[exchange].phase = .waiting
    queue.push(
      Event(
        .pendingTimeout, at: saturatingSum(now, plan.edges[edge].policy.pendingTimeout),
        index: exchange, generation: exchanges[exchange].generation))
    scheduleShedding(link)
  }

  /// A connection of the link has become free: who waits for one is sent once the present event is
  /// done with, so that nothing changes under its hands.
  @inline(__always)
  mutating func serveWaiting(_ link: Int) {
    if links[link].waiting.isEmpty || links[link].isToServe { return }
    links[link].isToServe = true
    toServe.append(link)
  }

  mutating func serveAll() {
    while let link = toServe.popLast() {
      links[link].isToServe = false
      let most = plan.edges[links[link].edge].policy.connectionsMax
      while links[link].activeCount < most, let turn = links[link].waiting.pop(now: instant) {
        switch turn {
        case .serve(let ticket): send(Int(links[link].waiters[Int(ticket)]))
        case .refuse(let ticket, let why):
          refuseWaiting(
            ticket, at: link, .failure(why == .overload ? .pendingShed : .pendingTimeout))
        }
      }
      scheduleShedding(link)
    }
  }

  /// A queue that is overloaded refuses also when nothing becomes free.
  mutating func shed(_ link: Int) {
    links[link].shedDue = .max
    while let ticket = links[link].waiting.refuse(now: instant) {
      refuseWaiting(ticket, at: link, .failure(.pendingShed))
    }
    scheduleShedding(link)
  }

  private mutating func scheduleShedding(_ link: Int) {
    guard let due = links[link].waiting.refusalDue, due.nanoseconds < links[link].shedDue else {
      return
    }
    links[link].shedDue = max(due.nanoseconds, now)
    queue.push(Event(.pendingShed, at: links[link].shedDue, index: link))
  }

  /// Precondition: the queue has let go of the ticket.
  private mutating func refuseWaiting(_ ticket: UInt32, at link: Int, _ reason: Reason) {
    let exchange = Int(links[link].waiters[Int(ticket)])
    exchanges[exchange].phase = .trying
    end(exchange, reason)
  }

  /// An attempt has ended, at the endpoint with that key.
  mutating func conclude(_ exchange: Int, _ reason: Reason, at endpoint: UInt64, ofHedge: Bool) {
    if reason.isOK { return end(exchange, reason) }
    let link = Int(exchanges[exchange].link)
    var (reason, endpoint) = (reason, endpoint)
    if ofHedge, exchanges[exchange].attempts.isHedged {
      guard exchanges[exchange].attempts.hedgeEnded(links[link].hedgeBudget) else { return }
      (reason, endpoint) = (exchanges[exchange].kept, exchanges[exchange].keptFrom)
    }
    let policy = plan.edges[links[link].edge].policy
    let deadline = exchanges[exchange].deadline
    let evidence = reason.evidence(isIdempotent: exchanges[exchange].isIdempotent)
    let circumstances = AttemptLoop.Circumstances(
      policy: policy.retry, budget: links[link].budget,
      remainingNanoseconds: deadline == .max ? .max : deadline - now,
      isBreakerOpen: links[link].breaker?.state == .open)
    guard let failure = reason.failure else {
      let outcome = reason.outcome(policy.endpointClassifier)
      switch exchanges[exchange].attempts.answered(
        reason.status, outcome, evidence, circumstances, &links[link].random)
      {
      case .pass: giveUp(exchange, reason)
      case .keep: (exchanges[exchange].kept, exchanges[exchange].keptFrom) = (reason, endpoint)
      case .again(let delay): tryAgain(exchange, link, reason, at: endpoint, after: delay)
      }
      return
    }
    switch exchanges[exchange].attempts.failed(
      failure, evidence, circumstances, &links[link].random)
    {
    case .promote:
      exchanges[exchange].attempts.hedgePromoted(over: endpoint, links[link].hedgeBudget)
    case .again(let delay): tryAgain(exchange, link, reason, at: endpoint, after: delay)
    case .end: giveUp(exchange, reason)
    case .fresh: preconditionFailure("a simulated connection does not go stale")
    }
  }

  private mutating func tryAgain(
    _ exchange: Int, _ link: Int, _ reason: Reason, at endpoint: UInt64, after delay: Int64
  ) {
    exchanges[exchange].attempts.retryBegins(
      because: reason.failure.map { .failure($0) } ?? .status, lookingPast: endpoint)
    if !exchanges[exchange].isIdempotent, reason.failure?.row.stage != .connect {
      series[clients.count + plan.edges[links[link].edge].target].counts.repeats += 1
    }
    exchanges[exchange].phase = .backingOff
    queue.push(
      Event(
        .retry, at: now + delay, index: exchange, generation: exchanges[exchange].generation))
  }

  // MARK: Its end

  /// Counts it, lets its attempts go and tells who waits for it.
  mutating func end(_ exchange: Int, _ reason: Reason) {
    let link = Int(exchanges[exchange].link)
    let parent = exchanges[exchange].parent
    let isOptional = exchanges[exchange].isOptional
    let isDegraded = reason == .fallback || exchanges[exchange].isDegraded
    close(exchange, reason)
    if parent == SimulatedExchange.none {
      let client = Int(exchanges[exchange].client)
      series[client].record(
        reason, nanoseconds: now - exchanges[exchange].began, isDegraded: isDegraded)
      exchanges.give(back: exchange)
    } else {
      detach(exchange, from: Int(parent))
      exchanges.give(back: exchange)
      endCall(Int(parent), reason, isOptional: isOptional, isDegraded: isDegraded)
    }
    serveWaiting(link)
  }

  /// Who called has gone: nobody is told. Precondition: its parent has forgotten it.
  mutating func abandon(_ exchange: Int) {
    let link = Int(exchanges[exchange].link)
    close(exchange, .failure(.downstreamClosed))
    exchanges.give(back: exchange)
    serveWaiting(link)
  }

  /// It leaves its link.
  mutating func close(_ exchange: Int, _ reason: Reason) {
    let link = Int(exchanges[exchange].link)
    if exchanges[exchange].phase == .waiting {
      links[link].waiting.cancel(exchanges[exchange].place, now: instant)
    }
    while exchanges[exchange].firstAttempt != SimulatedAttempt.none {
      leave(Int(exchanges[exchange].firstAttempt), reason)
    }
    releaseHeld(exchange, link, reason)
    series[clients.count + plan.edges[links[link].edge].target].record(
      reason, nanoseconds: now - exchanges[exchange].admittedAt,
      isDegraded: reason == .fallback || exchanges[exchange].isDegraded)
  }
}
