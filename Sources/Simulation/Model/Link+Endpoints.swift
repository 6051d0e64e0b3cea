import Primitives
import Resilience
import Upstreams

/// Who may be picked, and what an attempt's end says of that; as the proxy's `WorkerUpstream` does
/// it.
extension Link {
  /// An endpoint, and what its breaker gave for the attempt.
  struct Choice {
    var endpoint: Int
    var ticket: CircuitBreaker.Ticket?
  }

  /// Nil: there is none.
  @inline(__always)
  mutating func pick(_ tried: TriedEndpoints, now: Instant) -> Choice? {
    if now.nanoseconds >= nextLook { look(now) }
    let hash = balancer.settings.policy.isHashed ? random.next() : nil
    let request = PickRequest(hash: hash, tried: tried)
    guard let pick = balancer.pick(request, now: now, random: &random) else { return nil }
    guard !endpointBreakers.isEmpty else { return Choice(endpoint: pick.index) }
    return enter(pick.index, now) ?? pickElsewhere(request, pick.index, now)
  }

  private mutating func enter(_ endpoint: Int, _ now: Instant) -> Choice? {
    guard case .admitted(let ticket) = endpointBreakers[endpoint].admit(now) else { return nil }
    // The last of its probes may have been taken.
    if ticket.isProbe { nextLook = 0 }
    return Choice(endpoint: endpoint, ticket: ticket)
  }

  /// The first choice's breaker lets nobody through now.
  private mutating func pickElsewhere(
    _ request: PickRequest, _ refused: Int, _ now: Instant
  ) -> Choice? {
    var request = request
    request.tried.insert(balancer.key(refused))
    for _ in 0..<min(balancer.count, TriedEndpoints.capacity) {
      guard let pick = balancer.pick(request, now: now, random: &random) else { return nil }
      if let choice = enter(pick.index, now) { return choice }
      let key = balancer.key(pick.index)
      if request.tried.contains(key) { return nil }
      request.tried.insert(key)
    }
    return nil
  }

  /// Why nobody could be picked.
  var pickRefusal: Reason {
    .failure(admitted.count == 0 && admitted.capacity > 0 ? .circuitOpen : .noEndpoint)
  }

  /// Health, ejections or breakers have changed, or may have by now.
  mutating func look(_ now: Instant) {
    var next = Int64.max
    for change in detector?.advance(now) ?? [] {
      switch change {
      case .ejected(let ejection): kept.remove(ejection.slot)
      case .returned(let slot, _, _): kept.insert(slot)
      }
    }
    if let detector { next = detector.nextChange.nanoseconds }
    for endpoint in endpointBreakers.indices {
      let until = endpointBreakers[endpoint].refusesUntil
      admitted.set(endpoint, until <= now)
      if until > now { next = min(next, until.nanoseconds) }
    }
    nextLook = next
    balancer.setAvailable(
      well: listed.intersection(healthy).intersection(kept), admitted: admitted, now: now,
      random: &random)
  }

  /// Discovery's word on an endpoint; one that returns is a new one, and starts slowly.
  mutating func list(_ endpoint: Int, isThere: Bool, now: Instant) {
    listed.set(endpoint, isThere)
    if isThere, balancer.settings.slowStart != nil {
      var endpoints = balancer.endpoints
      let known = endpoints[endpoint]
      endpoints[endpoint] = BalancerEndpoint(
        key: known.key, traits: EndpointTraits(zone: known.traits.zone, joinedAt: now))
      balancer.adopt(endpoints, now: now, random: &random)
    }
    look(now)
  }

  /// A health check's result. Returns when the next one is due.
  mutating func check(_ endpoint: Int, _ failure: HealthCheckFailure?, now: Instant) -> Int64 {
    let verdict =
      if let failure {
        checks[endpoint].failed(failure, now: now, random: &random)
      } else {
        checks[endpoint].succeeded(now: now, random: &random)
      }
    if verdict.change != nil {
      let isHealthy = checks[endpoint].isAvailable
      healthy.set(endpoint, isHealthy)
      if detector?.mark(endpoint, isHealthy: isHealthy, now) != nil { kept.insert(endpoint) }
      look(now)
    }
    return verdict.nextCheck.nanoseconds
  }

  /// Tells an endpoint's machines how an attempt went; true: it was ejected.
  mutating func record(
    _ endpoint: Int, _ ticket: CircuitBreaker.Ticket?, toldAt: Int64, _ reason: Reason,
    _ outcome: Outcome, nanoseconds: Int64, now: Instant
  ) -> Bool {
    if let ticket {
      let change =
        toldAt < 0
        ? endpointBreakers[endpoint].record(ticket, outcome, nanoseconds: nanoseconds, now)
        : endpointBreakers[endpoint].amend(
          ticket, outcome, countedAt: Instant(nanoseconds: toldAt), now)
      // A probe that is over makes room for the next one.
      if change != nil || ticket.isProbe { nextLook = 0 }
    }
    guard
      detector?.record(endpoint, reason.attemptResult, nanoseconds: nanoseconds, now) != nil
    else { return false }
    kept.remove(endpoint)
    nextLook = 0
    return true
  }

  /// Endpoints that are not picked, panic aside: a share, 0...1.
  var awayShare: Double {
    let there = listed.intersection(healthy).intersection(kept).intersection(admitted).count
    return 1 - Double(there) / Double(max(listed.capacity, 1))
  }
}

extension EndpointSet {
  mutating func set(_ index: Int, _ isIn: Bool) {
    if isIn { insert(index) } else { remove(index) }
  }
}
