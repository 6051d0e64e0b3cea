import Primitives

/// What is known of one endpoint by asking it: when to ask next, and whether it is healthy.
///
///                 first success                   `unhealthy` failures in a row
///     unknown ─────────────────────→ healthy ───────────────────────────────────→ unhealthy
///        │                              ↑        `healthy` successes in a row        │ ↑
///        │                              └────────────────────────────────────────────┘ │
///        └──────────────────────────── first failure ──────────────────────────────────┘
///
/// The first result decides at once, as in Envoy, where a single success makes a new host healthy:
/// it has no history that a threshold could protect.
///
/// `unknown` is available. A proxy that starts, or a service that grows, must not refuse requests
/// until the first round of checks is over, and an endpoint that was just discovered has been
/// vouched for by whoever registered it (HAProxy's servers begin as up, too); an outlier detector
/// and retries cover the first interval.
///
/// A value, one per endpoint, on the control loop. One check at a time: the next is due an interval
/// after the last result, so a slow endpoint is not asked faster than it answers. Cost: O(1).
package struct HealthCheckMachine: Sendable {
  package enum State: String, Sendable, CaseIterable {
    case unknown, healthy, unhealthy
  }

  /// What a result led to.
  package struct Verdict: Sendable, Equatable {
    package var nextCheck: Instant
    /// Where it went, if it went anywhere.
    package var change: State?
  }

  package let policy: HealthCheckPolicy
  package private(set) var state = State.unknown
  /// Why the last check failed; nil after a success, and before the first result.
  package private(set) var lastFailure: HealthCheckFailure?
  /// When the next check is due; `distantFuture` while one is under way.
  package private(set) var dueAt: Instant
  /// Results in a row that speak against the state.
  private var contrary = 0
  private var isChecking = false

  /// The first check is due within the jitter's part of an interval: soon, but not all at once.
  package init(policy: HealthCheckPolicy, now: Instant, random: inout RandomSource) {
    self.policy = policy
    dueAt = now
    dueAt = now.advanced(byNanoseconds: jitterNanoseconds(&random))
  }

  package var isAvailable: Bool { state != .unhealthy }

  /// Begins the check if it is due; returns until when its answer counts.
  package mutating func due(now: Instant) -> Instant? {
    guard !isChecking, now >= dueAt else { return nil }
    isChecking = true
    dueAt = .distantFuture
    return now.advanced(by: policy.timeout)
  }

  /// Precondition, of both: a check is under way. A check that ran out of time has `failed`.
  package mutating func succeeded(now: Instant, random: inout RandomSource) -> Verdict {
    lastFailure = nil
    return conclude(.healthy, after: policy.healthy, now, &random)
  }

  package mutating func failed(
    _ failure: HealthCheckFailure, now: Instant, random: inout RandomSource
  ) -> Verdict {
    lastFailure = failure
    return conclude(.unhealthy, after: policy.unhealthy, now, &random)
  }

  /// The check that is under way could not be made, for want of something of the proxy's own: that
  /// says nothing of the endpoint. Returns when the next is due.
  package mutating func skipped(now: Instant, random: inout RandomSource) -> Instant {
    precondition(isChecking, "a result without a check")
    return schedule(now, &random)
  }

  private mutating func conclude(
    _ result: State, after threshold: Int, _ now: Instant, _ random: inout RandomSource
  ) -> Verdict {
    precondition(isChecking, "a result without a check")
    var verdict = Verdict(nextCheck: schedule(now, &random))
    if result == state {
      contrary = 0
      return verdict
    }
    contrary += 1
    guard state == .unknown || contrary >= threshold else { return verdict }
    state = result
    contrary = 0
    verdict.change = result
    return verdict
  }

  private mutating func schedule(_ now: Instant, _ random: inout RandomSource) -> Instant {
    isChecking = false
    dueAt = now.advanced(by: policy.interval).advanced(byNanoseconds: jitterNanoseconds(&random))
    return dueAt
  }

  private func jitterNanoseconds(_ random: inout RandomSource) -> Int64 {
    let most = Double(policy.interval.nanosecondsClamped) * policy.jitter.fraction
    return Int64(Double(random.next() >> 11) * 0x1p-53 * most)
  }
}
