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

  /// Counts an attempt of `route` at `endpoint`, its place among the upstream's.
  package func record(
    _ endpoint: Int, route: UInt64, isFailure: Bool, now: Instant
  ) -> PeerEvidence {
    machine.withLock { $0.record(endpoint, route: route, isFailure: isFailure, now: now) }
  }
}
