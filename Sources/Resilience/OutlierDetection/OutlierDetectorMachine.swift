import Primitives

/// Sets aside the endpoints of one upstream that behave unlike their peers, and brings them back.
///
/// ```
///              failures in a row · refused · wrong identity (record)
///              success rate · failure percentage · latency (each interval)
///   ┌────────┐ ───────────────────────────────────────────────▶ ┌─────────┐
///   │ member │                                                  │ ejected │
///   └────────┘ ◀─────────────────────────────────────────────── └─────────┘
///                   time served · health check · others left
/// ```
///
/// Why: a circuit breaker asks whether an endpoint is bad, this asks whether it is worse than the
/// others, which is what makes setting it aside a gain. An ejection is refused, and counting begins
/// anew, when `OutlierPolicy.ejectedMax(of:)` are ejected already or no other endpoint that is
/// healthy would be left. An endpoint's ejections are forgotten one an interval while it behaves.
///
/// Slots are small numbers that stay an endpoint's from `join` to `leave`, and are given anew once
/// nobody can name them any more (`release`): a late result of who left must not count for who
/// came. A result that comes while the endpoint is ejected is dropped, so that calls from before
/// do not count after.
///
/// Pure: `now` is passed in, jitter comes from a seed. Confinement: its owner; `OutlierDetector`
/// shares one. Cost: a record is O(1) without allocation; a sweep O(n log n) for n endpoints.
/// Memory: about 350 bytes an endpoint. Source: Envoy, `outlier_detection`.
package struct OutlierDetectorMachine: Sendable {
  private(set) var policy: OutlierPolicy
  var members: [Member] = []
  private var free: [Int] = []
  /// Endpoints that joined and did not leave.
  package private(set) var count = 0
  package private(set) var ejectedCount = 0
  /// Neither ejected nor known to be unhealthy.
  private var availableCount = 0
  var nextSweep: Instant
  private var random: RandomSource
  private var limit5xx = Int.max
  private var limitGateway = Int.max
  private var limitLocal = Int.max
  private(set) var interval: Int64 = 0

  package init(_ policy: OutlierPolicy, seed: UInt64, now: Instant) {
    self.policy = policy
    random = RandomSource(seed: seed)
    nextSweep = now
    apply(policy, now)
  }

  /// Goes on by another policy: who is ejected stays so for the time that was said, while so many
  /// may be; what was counted was counted by other rules and begins anew. Those that return.
  package mutating func adopt(
    _ policy: OutlierPolicy, _ now: Instant
  ) -> [OutlierDetector.Change] {
    apply(policy, now)
    for slot in members.indices {
      members[slot].forgetRow()
      members[slot].forgetInterval()
    }
    return returnSurplus(now)
  }

  private mutating func apply(_ policy: OutlierPolicy, _ now: Instant) {
    self.policy = policy
    limit5xx = policy.consecutive5xx.map { max($0, 1) } ?? .max
    limitGateway = policy.consecutiveGatewayFailures.map { max($0, 1) } ?? .max
    limitLocal = policy.consecutiveLocalOriginFailures.map { max($0, 1) } ?? .max
    interval = min(max(policy.interval.nanosecondsClamped, 100_000_000), 3_600_000_000_000)
    nextSweep = now.advanced(byNanoseconds: interval)
  }

  /// The slot of a new endpoint, which counts as healthy.
  package mutating func join() -> Int {
    count += 1
    availableCount += 1
    if let slot = free.popLast() {
      members[slot] = Member()
      return slot
    }
    members.append(Member())
    return members.count - 1
  }

  /// The endpoint is gone; what comes for its slot is dropped until `release`. The ejected ones that are too many without it return, the one whose time is
  /// up first, first.
  package mutating func leave(_ slot: Int, _ now: Instant) -> [OutlierDetector.Change] {
    precondition(members[slot].isJoined, "a slot is left once")
    if members[slot].isEjected { ejectedCount -= 1 }
    if members[slot].isAvailable { availableCount -= 1 }
    members[slot].isJoined = false
    count -= 1
    return returnSurplus(now)
  }

  private mutating func returnSurplus(_ now: Instant) -> [OutlierDetector.Change] {
    var changes: [OutlierDetector.Change] = []
    while ejectedCount > policy.ejectedMax(of: count), let next = firstToReturn {
      changes.append(bringBack(next, .membership, now))
    }
    return changes
  }

  /// Nobody will name the slot again; one that has not left leaves.
  package mutating func release(_ slot: Int) {
    if members[slot].isJoined { _ = leave(slot, Instant(nanoseconds: .min)) }
    free.append(slot)
  }

  /// What active health checks say of the endpoint. A healthy answer brings an ejected one back
  /// (Envoy: `successful_active_health_check_uneject_host`).
  package mutating func mark(
    _ slot: Int, isHealthy: Bool, _ now: Instant
  ) -> OutlierDetector.Change? {
    guard members[slot].isJoined else { return nil }
    let wasAvailable = members[slot].isAvailable
    members[slot].isHealthy = isHealthy
    availableCount += (members[slot].isAvailable ? 1 : 0) - (wasAvailable ? 1 : 0)
    return isHealthy ? uneject(slot, now) : nil
  }

  /// Brings the endpoint back before its time; nil: it was not ejected.
  package mutating func uneject(_ slot: Int, _ now: Instant) -> OutlierDetector.Change? {
    guard members[slot].isJoined, members[slot].isEjected else { return nil }
    return bringBack(slot, .healthCheck, now)
  }

  package func isEjected(_ slot: Int) -> Bool {
    members[slot].isJoined && members[slot].isEjected
  }

  /// Until when the endpoint is ejected, and why; nil: it is not.
  package func ejection(_ slot: Int) -> (cause: OutlierDetector.Cause, until: Instant)? {
    guard isEjected(slot) else { return nil }
    return (members[slot].cause, members[slot].ejectedUntil)
  }

  /// When `advance` has something to do next.
  package var nextChange: Instant {
    guard ejectedCount > 0, let slot = firstToReturn else { return nextSweep }
    return min(nextSweep, members[slot].ejectedUntil)
  }

  /// Counts how an attempt went. `nanoseconds`: until the response's head. Results of a slot that
  /// was left are dropped.
  package mutating func record(
    _ slot: Int, _ result: AttemptResult, nanoseconds: Int64, _ now: Instant
  ) -> OutlierDetector.Ejection? {
    guard members[slot].isJoined, !members[slot].isEjected else { return nil }
    if result == .success {
      members[slot].countSuccess(nanoseconds)
      return nil
    }
    if result == .unanswered {
      members[slot].latencies.add(atLeast: nanoseconds)
      return nil
    }
    guard let cause = countFailure(slot, result) else { return nil }
    members[slot].forgetRow()
    return eject(slot, cause, now)
  }

  /// Why the slot must be ejected, if it must.
  private mutating func countFailure(
    _ slot: Int, _ result: AttemptResult
  ) -> OutlierDetector.Cause? {
    guard result != .ignored else { return nil }
    members[slot].calls &+= 1
    switch result {
    case .success, .unanswered, .ignored: return nil
    case .status5xx:
      members[slot].rowGateway = 0
      return countStatus(slot)
    case .gatewayFailure:
      members[slot].rowGateway += 1
      if members[slot].rowGateway >= limitGateway { return .consecutiveGatewayFailures }
      return countStatus(slot)
    case .localOriginFailure:
      members[slot].rowLocal += 1
      return members[slot].rowLocal >= limitLocal ? .consecutiveLocalOriginFailures : nil
    case .connectRefused: return .connectRefused
    case .wrongIdentity: return .wrongIdentity
    }
  }

  /// An answer ends a row of attempts without one; that there was none says nothing of statuses.
  private mutating func countStatus(_ slot: Int) -> OutlierDetector.Cause? {
    members[slot].rowLocal = 0
    members[slot].row5xx += 1
    return members[slot].row5xx >= limit5xx ? .consecutive5xx : nil
  }

  mutating func eject(
    _ slot: Int, _ cause: OutlierDetector.Cause, _ now: Instant
  ) -> OutlierDetector.Ejection? {
    let others = availableCount - (members[slot].isAvailable ? 1 : 0)
    guard others > 0, ejectedCount < policy.ejectedMax(of: count) else { return nil }
    if members[slot].isAvailable { availableCount -= 1 }
    ejectedCount += 1
    members[slot].ejections += 1
    members[slot].isEjected = true
    members[slot].cause = cause
    members[slot].ejectedUntil = now.advanced(byNanoseconds: time(members[slot].ejections))
    return OutlierDetector.Ejection(
      slot: slot, cause: cause, at: now, until: members[slot].ejectedUntil,
      count: members[slot].ejections)
  }

  mutating func bringBack(
    _ slot: Int, _ cause: OutlierDetector.ReturnCause, _ now: Instant
  ) -> OutlierDetector.Change {
    ejectedCount -= 1
    members[slot].isEjected = false
    if members[slot].isAvailable { availableCount += 1 }
    members[slot].returnedAt = now
    members[slot].forgetRow()
    members[slot].forgetInterval()
    return .returned(slot: slot, cause: cause, at: now)
  }

  private var firstToReturn: Int? {
    members.indices.filter(isEjected).min {
      (members[$0].ejectedUntil, $0) < (members[$1].ejectedUntil, $1)
    }
  }

  private mutating func time(_ ejections: Int) -> Int64 {
    let day: Int64 = 86_400_000_000_000
    let base = min(max(policy.baseEjection.nanosecondsClamped, 1_000_000), day)
    let most = min(max(policy.maxEjection.nanosecondsClamped, base), day)
    let jitter = min(max(policy.ejectionJitter.nanosecondsClamped, 0), day)
    // A million days still fit.
    let plain = min(base * Int64(min(ejections, 86_400_000)), most)
    guard jitter > 0 else { return plain }
    return plain + Int64(UInt64(jitter).multipliedFullWidth(by: random.next()).high)
  }
}
