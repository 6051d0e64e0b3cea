import Primitives

@testable import Resilience

/// An outlier detector in the slowest way: it keeps every attempt of an interval and counts anew
/// each time it is asked.
struct OutlierReference {
  struct Endpoint {
    var history: [AttemptResult] = []
    /// Since the last return, success or ejection: what rows are counted in.
    var row: [AttemptResult] = []
    var times: [Int64] = []
    var isHealthy = true
    var ejectedUntil: Int64?
    /// It would be ejected until then if anybody better were left.
    var failingUntil: Int64?
    var ejections = 0
    var returnedAt = Int64.min / 2
  }

  struct Decision: Equatable {
    var slot: Int
    var cause: OutlierDetector.Cause
    var count: Int
  }

  /// What a result brings about.
  struct Effect: Equatable {
    var ejected: Decision?
    /// Who returns since nobody sound is left.
    var recalled: [Int] = []
  }

  let policy: OutlierPolicy
  /// By slot; nil: nobody's.
  private(set) var endpoints = [Endpoint?](repeating: nil, count: 16)
  /// Those in use, kept as a debug build is slow to find them.
  private(set) var slots: [Int] = []
  var nextSweep: Int64

  init(_ policy: OutlierPolicy) {
    self.policy = policy
    nextSweep = Int64(policy.interval / .nanoseconds(1))
  }

  var count: Int { slots.count }
  var ejected: [Int] { slots.filter { endpoints[$0]?.ejectedUntil != nil } }

  /// The rule in words: floor of the share, at least one, never all.
  static func mostEjected(_ count: Int, _ share: Share) -> Int {
    if share == .zero { return 0 }
    var most = 0
    while Double(most + 1) <= Double(count) * share.fraction + 1e-9 { most += 1 }
    return max(0, min(count - 1, max(most, 1)))
  }

  mutating func join(_ slot: Int) {
    endpoints[slot] = Endpoint()
    slots = (slots + [slot]).sorted()
  }

  mutating func leave(_ slot: Int) {
    endpoints[slot] = nil
    slots.removeAll { $0 == slot }
  }

  mutating func mark(_ slot: Int, isHealthy: Bool) {
    endpoints[slot]?.isHealthy = isHealthy
    if isHealthy { endpoints[slot]?.failingUntil = nil }
  }

  mutating func eject(_ slot: Int, until: Int64) {
    endpoints[slot]?.ejectedUntil = until
  }

  /// The rule in words: base times the number of ejections up to the ceiling; of one that refuses
  /// no longer than a second doubled each time.
  static func time(_ policy: OutlierPolicy, _ count: Int, _ cause: OutlierDetector.Cause)
    -> Duration
  {
    let plain = min(policy.baseEjection * count, policy.maxEjection)
    guard cause == .connectRefused else { return plain }
    var refused = policy.refusedEjection
    for _ in 1..<max(count, 1) where refused < plain { refused *= 2 }
    return min(plain, refused)
  }

  private func isSound(_ slot: Int) -> Bool {
    guard let endpoint = endpoints[slot] else { return false }
    return endpoint.isHealthy && endpoint.ejectedUntil == nil && endpoint.failingUntil == nil
  }

  private func isBetterLeft(than slot: Int) -> Bool {
    slots.contains { $0 != slot && isSound($0) }
  }

  /// What the result brings about.
  mutating func record(
    _ slot: Int, _ result: AttemptResult, _ took: Int64, _ now: Int64
  ) -> Effect {
    guard var endpoint = endpoints[slot], endpoint.ejectedUntil == nil, result != .ignored else {
      return Effect()
    }
    endpoint.history.append(result)
    if result == .success {
      endpoint.times.append(took)
      endpoint.row = []
      endpoint.failingUntil = nil
      endpoints[slot] = endpoint
      return Effect()
    }
    endpoint.row.append(result)
    let cause = cause(endpoint.row)
    if cause != nil { endpoint.row = [] }
    endpoints[slot] = endpoint
    guard let cause, Self.mostEjected(count, policy.maxEjected) > 0 else { return Effect() }
    if isBetterLeft(than: slot) { return Effect(ejected: eject(slot, cause)) }
    let time = Self.time(policy, endpoint.ejections + 1, cause)
    endpoints[slot]?.failingUntil = now + Int64(time / .nanoseconds(1))
    let recalled = ejected
    for other in recalled {
      let until = endpoints[other]?.ejectedUntil
      endpoints[other]?.failingUntil = until
      bringBack(other, now)
    }
    return Effect(recalled: recalled)
  }

  private func cause(_ row: [AttemptResult]) -> OutlierDetector.Cause? {
    guard let last = row.last else { return nil }
    if last == .connectRefused { return .connectRefused }
    if last == .wrongIdentity { return .wrongIdentity }
    let answers = row.filter { $0 == .status5xx || $0 == .gatewayFailure }
    let gateways = answers.reversed().prefix { $0 == .gatewayFailure }.count
    let dead = row.reversed().prefix { $0 != .status5xx && $0 != .gatewayFailure }.count
    if last == .localOriginFailure {
      guard let most = policy.consecutiveLocalOriginFailures, dead >= most else { return nil }
      return .consecutiveLocalOriginFailures
    }
    if last == .gatewayFailure, let most = policy.consecutiveGatewayFailures, gateways >= most {
      return .consecutiveGatewayFailures
    }
    if let most = policy.consecutive5xx, answers.count >= most { return .consecutive5xx }
    return nil
  }

  private mutating func eject(_ slot: Int, _ cause: OutlierDetector.Cause) -> Decision? {
    guard isBetterLeft(than: slot),
      ejected.count + 1 <= Self.mostEjected(count, policy.maxEjected)
    else { return nil }
    endpoints[slot]?.failingUntil = nil
    endpoints[slot]?.ejections += 1
    endpoints[slot]?.ejectedUntil = .max
    return Decision(slot: slot, cause: cause, count: endpoints[slot]?.ejections ?? 0)
  }

  mutating func bringBack(_ slot: Int, _ now: Int64) {
    endpoints[slot]?.ejectedUntil = nil
    endpoints[slot]?.row = []
    endpoints[slot]?.history = []
    endpoints[slot]?.times = []
    endpoints[slot]?.returnedAt = now
  }

  /// Who returns as their time is up, then who is ejected by comparison.
  mutating func advance(_ now: Int64) -> (returned: [Int], ejected: [Decision]) {
    let returned = slots.filter { (endpoints[$0]?.ejectedUntil ?? .max) <= now }
    for slot in returned { bringBack(slot, now) }
    for slot in slots where (endpoints[slot]?.failingUntil ?? .max) <= now {
      endpoints[slot]?.failingUntil = nil
    }
    guard now >= nextSweep else { return (returned, []) }
    let interval = Int64(policy.interval / .nanoseconds(1))
    while nextSweep <= now { nextSweep += interval }
    for slot in slots where endpoints[slot]?.ejectedUntil == nil {
      guard let endpoint = endpoints[slot], now - endpoint.returnedAt >= interval else { continue }
      endpoints[slot]?.ejections = max(endpoint.ejections - 1, 0)
    }
    var decisions: [Decision] = []
    for (cause, find) in comparisons {
      for slot in find(self) {
        if let decision = eject(slot, cause) { decisions.append(decision) }
      }
    }
    for slot in slots {
      endpoints[slot]?.history = []
      endpoints[slot]?.times = []
    }
    return (returned, decisions)
  }
}
