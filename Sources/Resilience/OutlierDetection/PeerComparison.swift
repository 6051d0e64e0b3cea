import Primitives

/// What the workers share to compare an upstream's endpoints by (`PeerComparisonMachine`), for the
/// outlier detector and the endpoints' breakers.
///
/// Any thread. Cost: a lock around a few multiplications.
package final class PeerComparison: Sendable {
  private let machine: Lock<PeerComparisonMachine>
  package let endpointCount: Int

  package init(endpointCount: Int) {
    self.endpointCount = endpointCount
    machine = Lock(PeerComparisonMachine(endpointCount: endpointCount))
  }

  private init(_ machine: PeerComparisonMachine) {
    endpointCount = machine.endpointCount
    self.machine = Lock(machine)
  }

  /// The same for another list of endpoints; `origins`: where each stood in this one's, -1: nowhere. What
  /// is known of those that stay goes with them. Cost: linear in endpoints and routes, beside the lock.
  package func following(_ origins: [Int32]) -> PeerComparison {
    let isSame =
      origins.count == endpointCount && origins.indices.allSatisfy { origins[$0] == Int32($0) }
    if isSame { return self }
    let machine = machine.withLock { $0 }
    return PeerComparison(machine.following(origins))
  }

  /// Counts an attempt of `route` at `endpoint`, its place among the upstream's.
  package func record(
    _ endpoint: Int, route: UInt64, isFailure: Bool, now: Instant
  ) -> PeerEvidence {
    machine.withLock { $0.record(endpoint, route: route, isFailure: isFailure, now: now) }
  }
}
