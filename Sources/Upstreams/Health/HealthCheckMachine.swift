import Primitives

/// Whether one endpoint is healthy, by the results of its checks.
///
/// ```
///            ┌──(healthyAfter good in a row)───┐
///            ▼                                 │
///  ──▶ healthy ──(unhealthyAfter bad in a row)─▶ unhealthy
/// ```
///
/// An endpoint that nobody has asked yet is taken for healthy, but the first result ever decides at
/// once: a new endpoint that is not there loses its requests after one check, not three (HAProxy
/// starts its servers "going down on the first failure" likewise).
/// A value without clock; randomness is passed in. Cost: O(1), no allocation.
package struct HealthCheckMachine: Sendable {
  package private(set) var isHealthy: Bool
  /// Bad results in a row.
  package private(set) var failures = 0
  private var successes = 0
  private var isKnown: Bool

  /// `before`: what was known under another policy; nil: nothing is.
  package init(after before: HealthCheckMachine? = nil) {
    isHealthy = before?.isHealthy ?? true
    isKnown = before?.isKnown ?? false
  }

  /// Takes a result. True: it has made the endpoint healthy or unhealthy.
  package mutating func record(isGood: Bool, _ policy: HealthCheckPolicy) -> Bool {
    successes = isGood ? successes + 1 : 0
    failures = isGood ? 0 : failures + 1
    let isFirst = !isKnown
    isKnown = true
    guard isGood != isHealthy else { return false }
    let isDecided =
      isFirst
      || (isGood ? successes >= policy.healthyAfter : failures >= policy.unhealthyAfter)
    if isDecided { isHealthy = isGood }
    return isDecided
  }
}

extension HealthCheckPolicy {
  /// The time from one check to the next: the interval, longer or shorter by at most the jitter.
  package func nextInterval(_ random: inout RandomSource) -> Int64 {
    let span = interval.nanosecondsClamped
    let most = Int64(Double(span) * jitter.fraction)
    return span - most + Int64(Double(random.below(.max)) / Double(UInt32.max) * Double(2 * most))
  }
}
