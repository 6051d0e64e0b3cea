import Primitives

extension CircuitBreakerMachine {
  /// What a ramp admits at its start, basis points. A tenth: Envoy's `min_weight_percent` of slow
  /// start.
  static let firstShare: Int64 = 1000

  /// The policy in the numbers that calls are held against: nanoseconds and counts, in range.
  struct Rules: Sendable {
    let failureRate: Share?
    let slowCall: Int64
    let slowCallRate: Share?
    let minimumCalls: Int
    let consecutiveFailures: Int
    let openFor: Int64
    let openForMax: Int64
    let openJitter: Int64
    let probes: Int
    /// So many failed or slow probes reopen the breaker; `.max`: none does.
    let probesFailed: Int
    let probesSlow: Int
    let recovery: Int64

    init(_ policy: CircuitBreakerPolicy, windowCapacity: Int?) {
      let day: Int64 = 86_400_000_000_000
      failureRate = policy.failureRate
      slowCallRate = policy.slowCall == nil ? nil : policy.slowCallRate
      // Where no rate goes by them, no call is slow.
      slowCall =
        slowCallRate == nil ? .max : policy.slowCall.map { max($0.nanosecondsClamped, 0) } ?? .max
      minimumCalls = min(max(policy.minimumCalls, 1), windowCapacity ?? .max)
      consecutiveFailures = policy.consecutiveFailures.map { max($0, 1) } ?? .max
      openFor = min(max(policy.openFor.nanosecondsClamped, 1_000_000), day)
      openForMax = min(max(policy.openForMax.nanosecondsClamped, openFor), day)
      openJitter = Int64(policy.openJitter.basisPoints)
      probes = min(max(policy.halfOpenCalls, 1), 10_000)
      let anyFailure = policy.consecutiveFailures == nil ? Int.max : 1
      probesFailed =
        policy.failureRate.map { Self.least(of: policy.halfOpenCalls, $0) } ?? anyFailure
      probesSlow = slowCallRate.map { Self.least(of: policy.halfOpenCalls, $0) } ?? .max
      recovery = min(max(policy.recovery.nanosecondsClamped, 0), day)
    }

    /// The fewest of `count` that are `share` of it, at least one.
    private static func least(of count: Int, _ share: Share) -> Int {
      let whole = min(max(count, 1), 10_000)
      return max((whole * Int(share.basisPoints) + 9_999) / 10_000, 1)
    }
  }

  /// The calls that a half-open breaker let through.
  struct Probes: Sendable, Equatable {
    var inFlight = 0
    var counted = 0
    var failed = 0
    var slow = 0
  }
}
