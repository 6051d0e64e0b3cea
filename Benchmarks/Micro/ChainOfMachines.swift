import Primitives
import Resilience
import Upstreams

/// What two workers share of an upstream with every policy on, and one request's way through it.
final class ChainOfMachines: Sendable {
  private let breaker = CircuitBreaker(CircuitBreakerPolicy(), seed: 1)
  private let endpointBreakers = (0..<10).map {
    CircuitBreaker(CircuitBreakerPolicy(), seed: UInt64($0))
  }
  private let detector: OutlierDetector
  private let slots: [Int]
  private let budget = RetryBudget()
  private let limits = ResourceLimits(connectionsMax: 1024, pendingMax: 1024, requestsMax: 1024)

  init() {
    let detector = OutlierDetector(OutlierPolicy(), seed: 1, now: Instant(nanoseconds: 0))
    self.detector = detector
    slots = (0..<10).map { _ in detector.join() }
  }

  func run(_ count: Int, seed: UInt64) {
    var random = RandomSource(seed: seed)
    var balancer = Balancer(
      settings: BalancingSettings(policy: .peakEwma),
      endpoints: (0..<10).map { BalancerEndpoint("endpoint-\($0)") },
      now: Instant(nanoseconds: 0), random: &random)
    for number in 0..<count {
      let now = Instant(nanoseconds: Int64(number) * 100_000)
      guard case .admitted(let ticket) = breaker.admit(now: now), limits.acquire(.requests),
        let pick = balancer.pick(PickRequest(), now: now, random: &random),
        case .admitted(let own) = endpointBreakers[pick.index].admit(now: now)
      else { preconditionFailure("nothing fails here") }
      budget.requestBegan()
      balancer.began(pick.index)
      _ = endpointBreakers[pick.index].record(own, .success, nanoseconds: 1_000_000, now: now)
      _ = detector.record(slots[pick.index], .success, nanoseconds: 1_000_000, now: now)
      _ = breaker.record(ticket, .success, nanoseconds: 1_000_000, now: now)
      balancer.ended(pick.index, nanoseconds: 1_000_000, isFailure: false, now: now)
      budget.requestEnded()
      limits.release(.requests)
    }
  }
}
