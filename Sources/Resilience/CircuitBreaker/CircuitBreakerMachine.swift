import Primitives

/// Decides whether calls may go, from how the ones before them went.
///
/// ```
///              rate, slow-call rate or consecutive failures
///     ┌────────┐ ─────────────────────────────────────────▶ ┌──────┐
///     │ closed │                                            │ open │ ◀─┐
///     └────────┘                                            └──────┘   │ certain that the
///       ▲  first 10 % to 100 % over `recovery`      at `until`, │      │ probes fail or
///       │                                   with the next call  ▼      │ are slow
///       │          certain that the probes pass           ┌──────────┐ │
///       └──────────────────────────────────────────────── │ halfOpen │ ┘
///                                                         └──────────┘
/// ```
///
/// Why: a service in trouble recovers sooner without traffic, and its callers' threads, queues and
/// deadlines are worth more than an answer that will not come (Nygard, Release It!, 2007). Each
/// opening without a recovery between doubles the open time. A probe's failure does not wait for
/// the others once they cannot change the verdict. The ramp after closing is drawn by an
/// accumulator, not by chance, so that a share of 10 % is every tenth call.
///
/// Pure: `now` is passed in and may go back a little, as threads race; jitter comes from a seed.
/// Confinement: its owner; `CircuitBreaker` shares one. Cost: O(1), no allocation after `init`.
package struct CircuitBreakerMachine: Sendable {
  enum Phase: Sendable {
    case closed
    case open
    case halfOpen
  }

  private(set) var rules: Rules
  /// The policy's mode; another than `mode` was set by hand.
  private(set) var configuredMode: CircuitBreakerPolicy.Mode
  package private(set) var mode: CircuitBreakerPolicy.Mode
  private(set) var phase = Phase.closed
  /// Changes of phase and mode so far.
  var generation: UInt64 = 0
  var window: CallWindow
  /// Failures in a row.
  var consecutive = 0
  /// Openings since the last recovery.
  var openings = 0
  /// When it opened last.
  private var openedAt = Instant(nanoseconds: .min)
  /// When an open breaker may probe.
  var until = Instant(nanoseconds: .min)
  /// Since when and until when the admitted share grows, nanoseconds; nil: everything passes.
  var ramp: Range<Int64>?
  /// What the ramp has saved towards the next admission, basis points.
  var credit: Int64 = 0
  var probes = Probes()
  private var random: RandomSource

  package init(_ policy: CircuitBreakerPolicy, seed: UInt64) {
    window = CallWindow(policy.window)
    rules = Rules(policy, windowCapacity: window.capacity)
    mode = policy.mode
    configuredMode = policy.mode
    random = RandomSource(seed: seed)
    // Not at nothing: a ticket of a breaker that this one replaces must not fit here by chance.
    generation = random.next() >> 24
  }

  package var state: CircuitBreaker.State {
    switch mode {
    case .automatic: return underlying
    case .shadow: return .shadow
    case .disabled: return .disabled
    case .forcedOpen: return .forcedOpen
    }
  }

  /// What the machine would be doing in automatic mode.
  var underlying: CircuitBreaker.State {
    switch phase {
    case .closed: return .closed
    case .open: return .open
    case .halfOpen: return .halfOpen
    }
  }

  /// Leaving `forcedOpen` for `automatic` starts the ramp, as the service saw no traffic; leaving
  /// the others starts afresh.
  package mutating func set(
    _ new: CircuitBreakerPolicy.Mode, _ now: Instant
  ) -> CircuitBreaker.Transition? {
    guard new != mode else { return nil }
    let from = state
    let startsRamp = mode == .forcedOpen && new == .automatic
    mode = new
    close()
    // Not one that probes have brought about: none of theirs counts any more (`amend`).
    generation += 1
    ramp = nil
    openings = 0
    if startsRamp { startRamp(now) }
    return CircuitBreaker.Transition(
      from: from, to: state, reason: .modeSet, at: now, openFor: nil, isShadow: false)
  }

  private mutating func close() {
    phase = .closed
    generation += 1
    window.removeAll()
    consecutive = 0
    // The probes stay known: one that was taken for good may turn out to have failed (`amend`).
  }

  private mutating func startRamp(_ now: Instant) {
    credit = 10_000 - Self.firstShare
    let start = now.nanoseconds
    ramp =
      rules.recovery == 0
      ? nil : start..<now.advanced(byNanoseconds: rules.recovery).nanoseconds
    if ramp == nil { openings = 0 }
  }

  /// Forgets the ramp once it is over, and with it how often the breaker opened.
  mutating func settle(_ now: Instant) {
    guard let end = ramp?.upperBound, now.nanoseconds >= end else { return }
    ramp = nil
    openings = 0
  }

  mutating func move(
    to new: Phase, _ reason: CircuitBreaker.Reason, _ now: Instant
  ) -> CircuitBreaker.Transition {
    let from = underlying
    var openFor: Duration?
    switch new {
    case .closed:
      close()
      startRamp(now)
    case .open:
      phase = .open
      generation += 1
      openFor = .nanoseconds(open(now))
    case .halfOpen:
      phase = .halfOpen
      generation += 1
      probes = Probes()
    }
    return CircuitBreaker.Transition(
      from: from, to: underlying, reason: reason, at: now, openFor: openFor,
      isShadow: mode == .shadow)
  }

  private mutating func open(_ now: Instant) -> Int64 {
    let time = openTime(after: openings)
    openings += 1
    ramp = nil
    openedAt = now
    until = now.advanced(byNanoseconds: time)
    return time
  }

  /// How long it stays open when it has opened so often before, jitter included.
  private mutating func openTime(after openings: Int) -> Int64 {
    let doublings = Int64(min(openings, 40))
    let (doubled, overflow) = rules.openFor.multipliedReportingOverflow(by: 1 << doublings)
    let plain = overflow ? rules.openForMax : min(doubled, rules.openForMax)
    let most = plain / 10_000 * rules.openJitter
    let added = Int64(
      truncatingIfNeeded: UInt64(most).multipliedFullWidth(by: random.next()).high)
    return plain + added
  }
}

extension CircuitBreakerMachine {
  /// Goes on by another policy. What was counted was counted by other rules and begins anew; what
  /// was decided stays: an open breaker stays open, until its new open time has passed since it
  /// opened, a half-open one probes anew, and a ramp goes on towards its new end. A mode that was
  /// set by hand stays too, unless the policy's own mode has changed.
  ///
  /// Why: whoever edits `open_for` in the middle of an outage does not mean to let the traffic in.
  /// The transition that a change of the mode is; nil: the state is the same.
  package mutating func adopt(
    _ policy: CircuitBreakerPolicy, _ now: Instant
  ) -> CircuitBreaker.Transition? {
    let isModeChanged = policy.mode != configuredMode
    configuredMode = policy.mode
    window = CallWindow(policy.window)
    rules = Rules(policy, windowCapacity: window.capacity)
    generation += 1
    consecutive = 0
    probes = Probes()
    if phase == .open { until = openedAt.advanced(byNanoseconds: openTime(after: openings - 1)) }
    if let start = ramp?.lowerBound {
      ramp = rules.recovery == 0 ? nil : start..<start + rules.recovery
    }
    return isModeChanged ? set(policy.mode, now) : nil
  }
}
