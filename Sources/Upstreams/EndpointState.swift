import Primitives
import Resilience
import Synchronization

/// An endpoint as all workers and the control loop share it: whether it is well, and its breaker.
///
/// Outlives snapshots, known by its address. Any thread. Cost: one atomic load to ask.
package final class EndpointState: Sendable {
  private static let isUnhealthyBit: UInt8 = 1
  private static let isEjectedBit: UInt8 = 2
  /// The last connection to it could not be made: for people, no pick goes by it.
  private static let isUnreachableBit: UInt8 = 4

  /// Its address, as text.
  package let identity: String
  package let breaker: CircuitBreaker?
  /// Its number in the upstream's outlier detector, if there is one.
  package var slot: Int? { membership?.slot }
  private let membership: OutlierMembership?
  private let ills = Atomic<UInt8>(0)

  package init(identity: String, breaker: CircuitBreaker?, membership: OutlierMembership? = nil) {
    self.identity = identity
    self.breaker = breaker
    self.membership = membership
  }

  /// The same endpoint behind another breaker. That it is ejected stays; of its health its owner
  /// speaks.
  package func with(breaker: CircuitBreaker?) -> EndpointState {
    let state = EndpointState(identity: identity, breaker: breaker, membership: membership)
    _ = state.set(isEjected: isEjected)
    state.set(isReachable: isReachable)
    return state
  }

  package var isHealthy: Bool { ills.load(ordering: .acquiring) & Self.isUnhealthyBit == 0 }
  package var isEjected: Bool { ills.load(ordering: .acquiring) & Self.isEjectedBit != 0 }
  /// False from a connection that could not be made to the next one that could.
  package var isReachable: Bool { ills.load(ordering: .relaxed) & Self.isUnreachableBit == 0 }
  /// Neither unhealthy nor ejected: it may be picked.
  package var isWell: Bool {
    ills.load(ordering: .acquiring) & (Self.isUnhealthyBit | Self.isEjectedBit) == 0
  }

  /// True: that is new.
  package func set(isHealthy: Bool) -> Bool { set(Self.isUnhealthyBit, !isHealthy) }

  /// True: that is new.
  package func set(isEjected: Bool) -> Bool { set(Self.isEjectedBit, isEjected) }

  package func set(isReachable: Bool) { _ = set(Self.isUnreachableBit, !isReachable) }

  private func set(_ bit: UInt8, _ isOn: Bool) -> Bool {
    let before =
      isOn
      ? ills.bitwiseOr(bit, ordering: .acquiringAndReleasing).oldValue
      : ills.bitwiseAnd(~bit, ordering: .acquiringAndReleasing).oldValue
    return (before & bit != 0) != isOn
  }
}
