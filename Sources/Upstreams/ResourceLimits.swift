import Primitives
import Synchronization

/// Ceilings on one upstream's connections, pending requests and requests, exact across workers.
///
/// What Envoy calls circuit breakers (`max_connections`, `max_pending_requests`, `max_requests`,
/// 1024 each); Envoy's are approximate (envoy#2927), these are not: a slot is taken before it is
/// used. Any thread. Cost: one atomic addition each way.
package final class ResourceLimits: Sendable {
  package enum Resource: Int, Sendable, CaseIterable {
    case connections, pending, requests
  }

  private let connections: Slots
  private let pending: Slots
  private let requests: Slots
  /// A bit for each worker that has requests waiting for a connection of this upstream.
  private let waitingWorkers = Atomic<UInt64>(0)

  package init(connectionsMax: Int, pendingMax: Int, requestsMax: Int) {
    connections = Slots(most: connectionsMax)
    pending = Slots(most: pendingMax)
    requests = Slots(most: requestsMax)
  }

  /// Takes a slot; false when all are taken.
  package func acquire(_ resource: Resource) -> Bool { slots(resource).acquire() }
  /// Takes one of the first `part` of the slots: what a class of requests may fill.
  package func acquire(_ resource: Resource, _ part: Share) -> Bool {
    // Each by itself, here and where a slot is given back: an object that is chosen first is counted
    // as a reference, and this is done for each request.
    switch resource {
    case .connections: connections.acquire(part)
    case .pending: pending.acquire(part)
    case .requests: requests.acquire(part)
    }
  }
  /// Takes one although all are taken, where the limits are in shadow.
  package func acquireBeyond(_ resource: Resource) { slots(resource).acquireBeyond() }
  package func release(_ resource: Resource) {
    switch resource {
    case .connections: connections.release()
    case .pending: pending.release()
    case .requests: requests.release()
    }
  }
  package func used(_ resource: Resource) -> Int { slots(resource).used }
  package func most(_ resource: Resource) -> Int { slots(resource).most }

  /// A reload's new ceiling; what is above it drains away.
  package func set(_ resource: Resource, most: Int) { slots(resource).set(most: most) }

  /// Says whether `worker` (0...63) has requests waiting.
  package func setWaiting(_ worker: Int, _ isWaiting: Bool) {
    let bit: UInt64 = 1 << UInt64(worker & 63)
    if isWaiting {
      waitingWorkers.bitwiseOr(bit, ordering: .sequentiallyConsistent)
    } else {
      waitingWorkers.bitwiseAnd(~bit, ordering: .sequentiallyConsistent)
    }
  }

  /// The worker that waits and comes next after `worker` in a circle, `worker` itself last, so that
  /// each gets its turn; nil when none waits.
  ///
  /// Who frees a slot looks here afterwards; who waits says so and then tries for a slot once more:
  /// in that order, and sequentially consistent, no slot is free while someone waits.
  package func waitingWorker(after worker: Int) -> Int? {
    let bits = waitingWorkers.load(ordering: .sequentiallyConsistent)
    guard bits != 0 else { return nil }
    let shift = UInt64((worker + 1) & 63)
    let turned = (bits &>> shift) | (bits &<< ((64 - shift) & 63))
    return (turned.trailingZeroBitCount + Int(shift)) & 63
  }

  @inline(__always)
  private func slots(_ resource: Resource) -> Slots {
    switch resource {
    case .connections: connections
    case .pending: pending
    case .requests: requests
    }
  }
}
