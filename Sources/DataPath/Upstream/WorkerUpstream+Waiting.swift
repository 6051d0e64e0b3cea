import HTTPClient
import Primitives
import Reactor
import Telemetry
import Upstreams

/// Those who wait for a connection, and what becomes of one that is free: a slot of the limits is
/// never free while someone waits, and each worker that waits gets its turn.
extension WorkerUpstream {
  func wait(_ exchange: Exchange, _ attempt: Attempt, _ request: PickRequest) -> CheckOut {
    guard limits.acquire(.pending) else { return .refused(.pendingOverflow) }
    // Without a deadline: until when it waits, the exchange's own clock knows (`pendingDeadline`).
    let ticket = queue.push(now: worker.loop.now)
    while waiters.count <= Int(ticket) { waiters.append(nil) }
    waiters[Int(ticket)] = exchange
    shard.add(metrics.pending)
    if queue.count == 1 {
      limits.setWaiting(worker.number, true)
      // A slot may have been freed before anyone knew that we wait.
      if limits.acquire(.connections) {
        leaveQueue(ticket)
        guard pick(request, into: attempt), let endpoint = attempt.endpoint else {
          limits.release(.connections)
          return .refused(refusal)
        }
        return open(endpoint, exchange.asksForUpgrade)
      }
    }
    askForIdle()
    return .waiting(ticket: ticket)
  }

  /// Connections may be idle at other workers: asks for as many as wait.
  private func askForIdle() {
    guard worker.peers.count > 1,
      let count = appeal.asks(waiting: queue.count, now: worker.loop.now)
    else { return }
    worker.ask(for: count, plan.name, limits)
  }

  /// Our round of the workers is back: `unmet` of those asked for were nowhere. What was found has
  /// been given to those who wait before this.
  func roundEnded(unmet: Int) {
    appeal.ended(unmet: unmet, now: worker.loop.now)
    askForIdle()
  }

  /// Requests of another worker wait: gives idle connections up, `count` at most. How many of them
  /// there were not.
  func giveUpIdle(_ count: Int) -> Int {
    var left = count
    for endpoint in endpoints {
      while left > 0, limits.waitingWorker(after: worker.number) != nil,
        endpoint.evict(.evicted)
      {
        left -= 1
      }
    }
    // Those that carry a client's login go last: their clients go with them.
    while left > 0, limits.waitingWorker(after: worker.number) != nil, evictPrivate() { left -= 1 }
    return left
  }

  /// `exchange` no longer waits.
  func leaveQueue(_ ticket: UInt32) {
    queue.cancel(ticket, now: worker.loop.now)
    left(ticket)
  }

  private func left(_ ticket: UInt32) {
    waiters[Int(ticket)] = nil
    limits.release(.pending)
    shard.subtract(metrics.pending)
    if queue.isEmpty {
      limits.setWaiting(worker.number, false)
      appeal.nobodyWaits()
    }
  }

  func wake(_ ticket: UInt32) {
    let exchange = waiters[Int(ticket)]
    left(ticket)
    exchange?.askAgain()
  }

  /// The slot for a new connection; false: there is none, or others came first.
  func acquireSlot() -> Bool {
    if isSlotGranted {
      isSlotGranted = false
      return true
    }
    return queue.isEmpty && limits.acquire(.connections)
  }

  /// A connection has nothing to do: the one who waits longest here takes it, or in turn its slot
  /// goes to another worker that waits, or else it is parked.
  func checkIn(_ stream: HTTP1UpstreamStream, _ endpoint: WorkerEndpoint) {
    endpoint.countBytes(stream.connection)
    guard let next = limits.waitingWorker(after: worker.number) else {
      return endpoint.checkIn(stream)
    }
    if queue.isEmpty || !keepsSlot(next) {
      isPassingOn = true
      endpoint.close(stream, .evicted)
      isPassingOn = false
    } else if endpoint.index < 0 {
      endpoint.close(stream, .drain)
    } else if let ticket = nextWaiter(), let exchange = waiters[Int(ticket)],
      exchange.pickFreed(endpoint)
    {
      leaveQueue(ticket)
      exchange.takePlace(on: stream)
    } else {
      // Its slot is what the first waiter needs, for a fresh one.
      endpoint.close(stream, .evicted)
    }
  }

  /// A place on a connection of HTTP/2 is free: those who wait longest here take it, and what others could
  /// take. One that nobody has a place on is parked, or closes where its slot is wanted.
  func placeFreed(_ carrier: HTTP2UpstreamCarrier, _ endpoint: WorkerEndpoint) {
    endpoint.countBytes(carrier.connection)
    while carrier.hasRoom, let ticket = nextWaiter(), let exchange = waiters[Int(ticket)],
      exchange.pickFreed(endpoint)
    {
      leaveQueue(ticket)
      exchange.takePlace(on: carrier.place())
    }
    guard carrier.isIdle, carrier.connection.isOpen else { return }
    guard let next = limits.waitingWorker(after: worker.number) else {
      return endpoint.park(carrier)
    }
    isPassingOn = queue.isEmpty || !keepsSlot(next)
    endpoint.close(carrier, .evicted)
    isPassingOn = false
  }

  /// Makes `attempt` one at `endpoint`, to which a connection is free; false: it may not go there.
  func pick(
    _ endpoint: WorkerEndpoint, for request: PickRequest, into attempt: Attempt
  ) -> Bool {
    guard endpoint.state.isWell, request.hash == nil, request.subset == nil,
      !request.tried.contains(endpoint.key)
    else { return false }
    return tryEndpoint(
      endpoint, Pick(index: endpoint.index, reason: .freeConnection), worker.loop.now, attempt)
  }

  /// Who is served next, once those are refused who have waited too long for that.
  private func nextWaiter() -> UInt32? {
    shed()
    return queue.first
  }

  /// Those who wait are looked at by the new target's time, not by that which they came with.
  func adoptQueuePolicy() {
    queue.adopt(plan.queuePolicy)
    let due = queue.refusalDue ?? .distantFuture
    for waiter in waiters { waiter?.queueLook(at: due) }
  }

  /// Refuses those who have waited beyond the target of an overloaded queue.
  func shed() {
    while let ticket = queue.refuse(now: worker.loop.now) {
      refuseWaiter(.refuse(ticket, .overload))
    }
  }

  func refuseWaiter(_ turn: PendingQueue.Turn) {
    guard case .refuse(let ticket, let refusal) = turn else { return }
    let exchange = waiters[Int(ticket)]
    left(ticket)
    exchange?.refused(refusal == .overload ? .pendingShed : .pendingTimeout)
  }

  private func keepsSlot(_ next: Int) -> Bool {
    turn.keeps(othersWait: next != worker.number, now: worker.loop.now)
  }

  /// A connection was closed: someone who waits may open one, here or on another worker.
  func connectionSlotFreed() {
    let next = limits.waitingWorker(after: worker.number)
    if let next, !isPassingOn, !queue.isEmpty, keepsSlot(next) {
      takeSlot()
    } else {
      passSlot(to: next)
    }
  }

  /// A slot is ours: for a waiter of ours, else for another worker's.
  func takeSlot() {
    while let turn = queue.pop(now: worker.loop.now) {
      guard case .serve(let ticket) = turn else {
        refuseWaiter(turn)
        continue
      }
      let outer = isSlotGranted
      isSlotGranted = true
      wake(ticket)
      let isUnused = isSlotGranted
      isSlotGranted = outer
      guard isUnused else { return }
    }
    passSlot(to: limits.waitingWorker(after: worker.number))
  }

  /// Given, not freed: on the way nobody who comes later can take it.
  private func passSlot(to next: Int?) {
    if let next, next != worker.number, next < worker.peers.count {
      return worker.giveSlot(plan.name, limits, to: next)
    }
    limits.release(.connections)
    // Who began to wait between the look and the release.
    tellNextWaiter()
  }

  /// Slots may be free, since the limit was raised or a connection could not be begun.
  func tryWaiting() {
    var tries = 0
    while tries < 64, !queue.isEmpty, limits.acquire(.connections) {
      tries += 1
      takeSlot()
    }
    if limits.used(.connections) < limits.most(.connections) { tellNextWaiter() }
  }

  func tellNextWaiter() {
    guard let waiting = limits.waitingWorker(after: worker.number) else { return }
    worker.tellSlotFreed(plan.name, limits, worker: waiting)
  }
}
