import Primitives

@testable import Resilience

/// A circuit breaker in the slowest way: it keeps every call and asks of each what it means now.
///
/// It cannot know the jitter, so it takes the time an opening was given and says what range it
/// must be in. Where the machine has generations, it has objects; where the machine knows how many
/// probes decide, it tries every way in which the rest could go.
final class BreakerReference {
  /// One stay in a state; a call belongs to the stay it was admitted in.
  final class Stay {
    enum Kind {
      case closed(ramp: (start: Int64, end: Int64)?)
      case open(until: Int64)
      case halfOpen
    }
    let kind: Kind
    var calls: [Call] = []
    /// Whose probes closed the breaker for this one.
    var closedBy: Stay?
    var failuresInRow = 0
    var probesOut = 0
    /// The sum of the shares of the calls that came during the ramp, and those let through.
    var offered: Int64 = 9000
    var taken: Int64 = 0

    var isRecovering = false
    var isUntold = false

    init(_ kind: Kind) {
      self.kind = kind
      if case .closed(_?) = kind { isRecovering = true }
    }
  }

  struct Call {
    let at: Int64
    var isFailure: Bool
    let isSlow: Bool
  }

  enum Answer: Equatable {
    case counted
    case uncounted
    case probe(first: Bool)
    case refused
  }

  let policy: CircuitBreakerPolicy
  var mode: CircuitBreakerPolicy.Mode
  private(set) var stay = Stay(.closed(ramp: nil))
  private(set) var openings = 0
  /// A change to `open`, whose time must be told with `open(for:)`.
  private(set) var opensAt: Int64?

  init(_ policy: CircuitBreakerPolicy) {
    self.policy = policy
    mode = policy.mode
  }

  private func nanoseconds(_ duration: Duration) -> Int64 { Int64(duration / .nanoseconds(1)) }

  func set(_ new: CircuitBreakerPolicy.Mode, _ now: Int64) {
    guard new != mode else { return }
    let ramps = mode == .forcedOpen && new == .enforced && policy.recovery > .zero
    mode = new
    openings = 0
    stay = Stay(.closed(ramp: ramps ? (now, now + nanoseconds(policy.recovery)) : nil))
  }

  func admit(_ now: Int64) -> Answer {
    if mode == .disabled { return .uncounted }
    if mode == .forcedOpen { return .refused }
    switch stay.kind {
    case .closed(let ramp?) where now < ramp.end:
      let share = 1000 + 9000 * (now - ramp.start) / (ramp.end - ramp.start)
      stay.offered += share
      guard stay.offered / 10_000 > stay.taken else { return .refused }
      stay.taken += 1
      return .counted
    case .closed:
      endRecovery(now)
      return .counted
    case .open(let until):
      guard now >= until else { return .refused }
      stay = Stay(.halfOpen)
      stay.probesOut = 1
      return .probe(first: true)
    case .halfOpen:
      guard stay.probesOut + stay.calls.count < policy.halfOpenCalls else { return .refused }
      stay.probesOut += 1
      return .probe(first: false)
    }
  }

  /// What only the passing of time changes, if it does now.
  func advance(_ now: Int64) -> CircuitBreaker.Reason? {
    guard mode == .enforced || mode == .shadow else { return nil }
    switch stay.kind {
    case .open(let until) where now >= until:
      stay = Stay(.halfOpen)
      return .openTimeEnded
    case .closed:
      endRecovery(now)
      return told
    default: return nil
    }
  }

  /// The calls stay: it is the same closed breaker.
  private func endRecovery(_ now: Int64) {
    guard stay.isRecovering, case .closed(let ramp?) = stay.kind, now >= ramp.end else { return }
    openings = 0
    stay.isRecovering = false
    stay.isUntold = true
  }

  /// The end of a recovery is told once, by whatever comes next.
  private var told: CircuitBreaker.Reason? {
    defer { stay.isUntold = false }
    return stay.isUntold ? .recoveryEnded : nil
  }

  /// Why the breaker changes, if this result of a call from `from` makes it.
  func record(
    from: Stay, _ outcome: Outcome, took: Duration, _ now: Int64
  ) -> CircuitBreaker.Reason? {
    guard from === stay, mode == .enforced || mode == .shadow else { return nil }
    let isSlow = policy.slowCall.map { took > $0 } ?? false
    if outcome == .ignored, isSlow { return recordEarly(from: from, took: took, now) }
    let call = Call(at: now, isFailure: outcome == .failure, isSlow: isSlow)
    switch stay.kind {
    case .open: return nil
    case .closed:
      if outcome == .ignored { return told }
      endRecovery(now)
      stay.calls.append(call)
      stay.failuresInRow = call.isFailure ? stay.failuresInRow + 1 : 0
      return tripped(now) ?? told
    case .halfOpen:
      stay.probesOut -= 1
      if outcome == .ignored { return nil }
      stay.calls.append(call)
      return decided(now)
    }
  }

  /// Why the breaker changes when a call is counted that has not ended.
  func recordEarly(from: Stay, took: Duration, _ now: Int64) -> CircuitBreaker.Reason? {
    guard from === stay, mode == .enforced || mode == .shadow else { return nil }
    let isSlow = policy.slowCall.map { took > $0 } ?? false
    switch stay.kind {
    case .open: return nil
    case .closed:
      endRecovery(now)
      stay.calls.append(Call(at: now, isFailure: false, isSlow: isSlow))
      return tripped(now) ?? told
    case .halfOpen:
      stay.probesOut -= 1
      stay.calls.append(Call(at: now, isFailure: false, isSlow: isSlow))
      return decided(now)
    }
  }

  /// Why the breaker changes when the call at `index` of `from`, counted early, has ended.
  func amend(from: Stay, at index: Int, _ outcome: Outcome, _ now: Int64) -> CircuitBreaker.Reason?
  {
    guard mode == .enforced || mode == .shadow, outcome != .ignored else { return nil }
    if case .halfOpen = from.kind {
      guard outcome == .failure, from === stay || from === stay.closedBy else { return nil }
      from.calls[index].isFailure = true
      let failed = from.calls.filter(\.isFailure).count
      guard fails(failed, 0) else { return nil }
      opensAt = now
      return .probesFailed
    }
    guard from === stay, case .closed = stay.kind else { return nil }
    guard outcome == .failure else {
      stay.failuresInRow = 0
      return told
    }
    endRecovery(now)
    let isForgotten = callsInWindow(now).count < stay.calls.count - index
    if isForgotten {
      stay.calls.append(Call(at: now, isFailure: true, isSlow: false))
    } else {
      stay.calls[index].isFailure = true
    }
    stay.failuresInRow += 1
    return tripped(now) ?? told
  }

  private func tripped(_ now: Int64) -> CircuitBreaker.Reason? {
    let calls = callsInWindow(now)
    var reason: CircuitBreaker.Reason?
    if let most = policy.consecutiveFailures, stay.failuresInRow >= most,
      !stay.isRecovering || policy.failureRate == nil
    {
      reason = .consecutiveFailures
    } else if calls.count >= leastCalls {
      if reaches(calls.filter(\.isFailure).count, calls.count, policy.failureRate) {
        reason = .failureRate
      } else if policy.slowCall != nil,
        reaches(calls.filter(\.isSlow).count, calls.count, policy.slowCallRate)
      {
        reason = .slowCallRate
      }
    }
    if reason != nil { opensAt = now }
    return reason
  }

  private var leastCalls: Int {
    if case .calls(let size) = policy.window { return min(size, policy.minimumCalls) }
    return policy.minimumCalls
  }

  func callsInWindow(_ now: Int64) -> [Call] {
    switch policy.window {
    case .calls(let size): return Array(stay.calls.suffix(size))
    case .time(let duration):
      let width = nanoseconds(duration) / 10
      let kept = stay.calls.reversed().prefix { now / width - $0.at / width < 10 }
      return kept.reversed()
    }
  }

  private func reaches(_ part: Int, _ whole: Int, _ rate: Share?) -> Bool {
    guard let rate, part > 0 else { return false }
    return Double(part) / Double(whole) >= rate.fraction - 1e-12
  }

  /// Do all ways in which the outstanding probes can go reopen it, or none?
  private func decided(_ now: Int64) -> CircuitBreaker.Reason? {
    let failed = stay.calls.filter(\.isFailure).count
    let slow = stay.calls.filter(\.isSlow).count
    let left = policy.halfOpenCalls - stay.calls.count
    if fails(failed, slow) {
      opensAt = now
      return fails(failed, 0) ? .probesFailed : .probesSlow
    }
    for failures in 0...left {
      for slowOnes in 0...left where fails(failed + failures, slow + slowOnes) { return nil }
    }
    let end = now + nanoseconds(policy.recovery)
    if policy.recovery == .zero { openings = 0 }
    let probing = stay
    stay = Stay(.closed(ramp: policy.recovery == .zero ? nil : (now, end)))
    stay.closedBy = probing
    return .probesSucceeded
  }

  private func fails(_ failed: Int, _ slow: Int) -> Bool {
    if policy.failureRate == nil, policy.consecutiveFailures != nil, failed > 0 { return true }
    return reaches(failed, policy.halfOpenCalls, policy.failureRate)
      || policy.slowCall != nil && reaches(slow, policy.halfOpenCalls, policy.slowCallRate)
  }

  /// Takes the time that the breaker opened for, which must be within what the policy says.
  func open(for time: Duration) throws {
    guard let at = opensAt else { throw Divergence("opened, which it should not") }
    // Only probes that failed double it.
    if case .halfOpen = stay.kind { openings += 1 } else { openings = max(openings, 1) }
    var plain = policy.openFor
    for _ in 1..<openings where plain < policy.openForMax { plain *= 2 }
    plain = min(plain, policy.openForMax)
    let width = plain / 10_000 * Int(policy.openJitter.basisPoints)
    let most = min(plain + width, policy.openForMax)
    let least = max(min(plain, policy.openForMax - width), policy.openFor)
    try Divergence.unless(
      time >= least && time <= most, "open for \(time), not \(least)...\(most)")
    opensAt = nil
    stay = Stay(.open(until: at + nanoseconds(time)))
  }
}
