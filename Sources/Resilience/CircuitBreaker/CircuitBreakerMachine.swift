import Primitives

/// Decides whether calls may go, from how the ones before them went.
///
/// ```
///              rate, slow-call rate or consecutive failures
///     ┌────────┐ ─────────────────────────────────────────▶ ┌──────┐
///     │ closed │                              ┌───────────▶ │ open │ ◀─┐
///     └────────┘                              │             └──────┘   │ certain that the
///       ▲                                the same;  at `until`, with   │ probes fail or
///       │ after `recovery`               if there is a call or without │ are slow
///       │                                a rate, by it        │        │
///     ┌────────────┐                     alone                ▼        │
///     │ recovering │ ─────────────────────────┘         ┌──────────┐   │
///     └────────────┘ ◀───────────────────────────────── │ halfOpen │ ──┘
///      10 % to 100 %     certain that the probes pass   └──────────┘
/// ```
///
/// Why: a service in trouble recovers sooner without traffic, and its callers' threads, queues and
/// deadlines are worth more than an answer that will not come (Nygard, Release It!, 2007).
///
/// Half-open, `halfOpenCalls` probes are judged by the rates that are on, whatever `minimumCalls`
/// says, as soon as the others cannot change the verdict; where no failure rate is on, one failure
/// reopens. Each time the probes fail the open time doubles, until the breaker has recovered. While
/// it recovers, a failure rate alone judges failures where there is one: it is what let the probes
/// pass, and a row of failures that it tolerates would open the breaker as soon as it closed.
/// The ramp is drawn by an accumulator, not by chance, so that a share of 10 % is every tenth call.
/// `advance` moves the states that only wait for time, so that nobody need call for it.
///
/// Pure: `now` is passed in and may go back a little, as threads race; jitter comes from a seed.
/// Confinement: its owner; `CircuitBreaker` shares one. Cost: O(1), no allocation after `init`.
package struct CircuitBreakerMachine: Sendable {
  enum Phase: Sendable {
    case closed
    case open
    case halfOpen
  }

  var rules: Rules
  /// The policy's mode; another than `mode` was set by hand.
  var configuredMode: CircuitBreakerPolicy.Mode
  package private(set) var mode: CircuitBreakerPolicy.Mode
  private(set) var phase = Phase.closed
  /// Changes of phase and mode so far.
  var generation: UInt64 = 0
  var window: CallWindow
  /// Failures in a row.
  var consecutive = 0
  /// 0: it has recovered; else one more than how often probes have failed since.
  var openings = 0
  /// A ramp has ended, and nobody was told yet.
  var hasUntoldRecovery = false
  /// When it opened last.
  var openedAt = Instant(nanoseconds: .min)
  /// When an open breaker may probe.
  var until = Instant(nanoseconds: .min)
  /// Since when and until when the admitted share grows, nanoseconds; nil: everything passes.
  var ramp: Range<Int64>?
  /// What the ramp has saved towards the next admission, basis points.
  var credit: Int64 = 0
  var probes = Probes()
  /// Why it opened last; nil once it has recovered.
  var opening: CircuitBreaker.Opening?
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
    case .enforced: return underlying
    case .shadow: return .shadow
    case .disabled: return .disabled
    case .forcedOpen: return .forcedOpen
    }
  }

  /// What the machine would be doing in enforced mode.
  var underlying: CircuitBreaker.State {
    switch phase {
    case .closed: return ramp == nil ? .closed : .recovering
    case .open: return .open
    case .halfOpen: return .halfOpen
    }
  }

  /// Moves on if only time was to pass: from open to half-open, and from recovering to closed. At most
  /// one change a call.
  package mutating func advance(to now: Instant) -> CircuitBreaker.Transition? {
    guard mode == .enforced || mode == .shadow else { return nil }
    switch phase {
    case .closed:
      settle(now)
      return tellRecovery(now)
    case .open: return now >= until ? move(to: .halfOpen, .openTimeEnded, now) : nil
    case .halfOpen: return nil
    }
  }

  /// The end of a ramp that nobody was told of yet.
  mutating func tellRecovery(_ now: Instant) -> CircuitBreaker.Transition? {
    guard hasUntoldRecovery else { return nil }
    hasUntoldRecovery = false
    return CircuitBreaker.Transition(
      from: .recovering, to: .closed, reason: .recoveryEnded, at: now, openFor: nil, opening: nil,
      isShadow: mode == .shadow)
  }

  /// Leaving `forcedOpen` for `enforced` starts the ramp, as the service saw no traffic; leaving
  /// the others starts afresh.
  package mutating func set(
    _ new: CircuitBreakerPolicy.Mode, _ now: Instant
  ) -> CircuitBreaker.Transition? {
    guard new != mode else { return nil }
    let from = state
    let startsRamp = mode == .forcedOpen && new == .enforced
    mode = new
    close()
    // Not one that probes have brought about: none of theirs counts any more (`amend`).
    generation += 1
    ramp = nil
    openings = 0
    hasUntoldRecovery = false
    if !startsRamp { opening = nil }
    if new == .forcedOpen { noteOpening(.modeSet, now) }
    if startsRamp { startRamp(now) }
    return CircuitBreaker.Transition(
      from: from, to: state, reason: .modeSet, at: now, openFor: nil,
      opening: new == .forcedOpen ? opening : nil, isShadow: false)
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
    if ramp == nil { forgetOpenings() }
  }

  /// Forgets the ramp once it is over, and with it how often the breaker opened.
  mutating func settle(_ now: Instant) {
    guard let end = ramp?.upperBound, now.nanoseconds >= end else { return }
    ramp = nil
    forgetOpenings()
    hasUntoldRecovery = true
  }

  mutating func forgetOpenings() {
    openings = 0
    opening = nil
  }

  /// Remembers on what it opens. Before the phase changes: what counts is what led to it.
  private mutating func noteOpening(_ reason: CircuitBreaker.Reason, _ now: Instant) {
    let isProbing = phase == .halfOpen
    let total = window.total
    opening = CircuitBreaker.Opening(
      reason: reason, at: now, calls: isProbing ? probes.counted : Int(total.calls),
      failures: isProbing ? probes.failed : Int(total.failures),
      slow: isProbing ? probes.slow : Int(total.slow), consecutiveFailures: consecutive)
  }

  mutating func move(
    to new: Phase, _ reason: CircuitBreaker.Reason, _ now: Instant
  ) -> CircuitBreaker.Transition {
    let from = hasUntoldRecovery ? .recovering : underlying
    hasUntoldRecovery = false
    var openFor: Duration?
    switch new {
    case .closed:
      close()
      startRamp(now)
    case .open:
      noteOpening(reason, now)
      // From half-open: the probes failed, and it refuses for twice as long.
      openings = phase == .halfOpen ? openings + 1 : max(openings, 1)
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
      opening: new == .open ? opening : nil,
      isShadow: mode == .shadow)
  }

  private mutating func open(_ now: Instant) -> Int64 {
    let time = openTime(after: openings - 1)
    ramp = nil
    openedAt = now
    until = now.advanced(byNanoseconds: time)
    return time
  }

  /// How long it stays open when its time was doubled so often before, jitter included: drawn from the
  /// jitter's width above the plain time, and below the longest where that would go beyond it, but
  /// never below the first.
  mutating func openTime(after doublings: Int) -> Int64 {
    let (doubled, overflow) = rules.openFor.multipliedReportingOverflow(
      by: 1 << Int64(min(doublings, 40)))
    let plain = overflow ? rules.openForMax : min(doubled, rules.openForMax)
    let width = plain / 10_000 * rules.openJitter
    let least = max(min(plain, rules.openForMax - width), rules.openFor)
    return least + draw(below: min(width, rules.openForMax - least))
  }

  /// 0 ..< `bound`, evenly.
  mutating func draw(below bound: Int64) -> Int64 {
    Int64(truncatingIfNeeded: UInt64(bound).multipliedFullWidth(by: random.next()).high)
  }
}
