import HTTPClient
import Primitives
import Reactor
import Resilience
import Upstreams

/// A connection for an attempt: one that is idle, a new one while the limits allow it, another
/// endpoint's, or a place in the queue.
extension WorkerUpstream {
  /// A connection for `attempt`, which learns its endpoint. `isFresh`: none that was used before.
  /// `exchange`: waits where there is none now; nil: nobody does, and only the endpoint that is picked
  /// will do, for a hedge beside those that were `tried`. `isForUpgrade`: HTTP/1.1 has to be spoken on it.
  func checkOut(
    for attempt: Attempt, _ request: PickRequest, isFresh: Bool, isForUpgrade: Bool = false,
    waiting exchange: Exchange?
  ) -> CheckOut {
    guard pick(request, into: attempt), let endpoint = attempt.endpoint else {
      return .refused(refusal)
    }
    if exchange == nil, request.tried.contains(endpoint.key) { return abandon(attempt) }
    if !isFresh, let stream = endpoint.checkOut(isForUpgrade: isForUpgrade) {
      return stream.isConnected ? .reused(stream) : .connecting(stream)
    }
    if acquireSlot() { return open(endpoint, isForUpgrade) }
    guard let exchange else { return abandon(attempt) }
    // At the limit: another endpoint's idle connection serves as well, or makes room.
    for other in endpoints where other.idleCount > 0 {
      if !isFresh, mayStandIn(other, for: attempt, request),
        let stream = other.checkOut(isForUpgrade: isForUpgrade), stream.isConnected
      {
        standIn(other, attempt)
        return .reused(stream)
      }
      if other.evict(.evicted), acquireSlot() { return open(endpoint, isForUpgrade) }
    }
    if evictPrivate(), acquireSlot() { return open(endpoint, isForUpgrade) }
    if plan.state.shadows.contains(.connections) {
      exchange.noteShadow(.connections, plan.state)
      limits.acquireBeyond(.connections)
      return open(endpoint, isForUpgrade)
    }
    giveBackTicket(of: attempt)
    attempt.clear()
    return wait(exchange, attempt, request)
  }

  private func abandon(_ attempt: Attempt) -> CheckOut {
    giveBackTicket(of: attempt)
    attempt.clear()
    return .refused(.noEndpoint)
  }

  /// Another endpoint will do in place of the one that was picked.
  private func mayStandIn(
    _ other: WorkerEndpoint, for attempt: Attempt, _ request: PickRequest
  ) -> Bool {
    if other === attempt.endpoint { return true }
    return request.hash == nil && request.subset == nil && other.state.isWell
      && other.state.breaker?.isPlainlyClosed ?? true && !request.tried.contains(other.key)
  }

  private func standIn(_ other: WorkerEndpoint, _ attempt: Attempt) {
    if other === attempt.endpoint { return }
    giveBackTicket(of: attempt)
    let pick = Pick(index: other.index, reason: .freeConnection)
    let now = worker.loop.now
    // Another worker may have opened its breaker just now: that is too late.
    if !tryEndpoint(other, pick, now, attempt) { attempt.begin(other, pick, .none, now) }
  }

  /// The attempt is not made: its breaker need not wait for it.
  func giveBackTicket(of attempt: Attempt) {
    guard let breaker = attempt.endpoint?.state.breaker else { return }
    _ = breaker.record(attempt.ticket, .ignored, nanoseconds: 0, now: worker.loop.now)
  }

  func open(_ endpoint: WorkerEndpoint, _ isForUpgrade: Bool) -> CheckOut {
    switch endpoint.open(isForUpgrade: isForUpgrade) {
    case .success(let stream): return .connecting(stream)
    case .failure(let fault):
      slotUnused()
      return .refused(fault.kind)
    }
  }

  /// A connection could not even be begun: its slot goes to others.
  func slotUnused() {
    limits.release(.connections)
    // By mail, not at once: each who waits may fail like this one.
    tellNextWaiter()
  }
}
