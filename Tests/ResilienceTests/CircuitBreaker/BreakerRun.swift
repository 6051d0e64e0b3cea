import Primitives

@testable import Resilience

/// One random history of a breaker, told to the machine and to the reference.
struct BreakerRun {
  private struct Pending {
    let ticket: CircuitBreaker.Ticket
    let stay: BreakerReference.Stay
    /// When it was counted before its end, and where in its stay; nil: it was not.
    var early: (at: Int64, index: Int)?
  }

  private var random: RandomSource
  private var machine: CircuitBreakerMachine
  private let reference: BreakerReference
  private var now: Int64 = 0
  private var pending: [Pending] = []
  private var isSick = false
  private let pace: UInt32
  private(set) var transitions = 0
  private(set) var refusals = 0
  private(set) var amendments = 0

  init(seed: UInt64) {
    random = RandomSource(seed: seed)
    let policy = Self.policy(&random)
    machine = CircuitBreakerMachine(policy, seed: seed)
    reference = BreakerReference(policy)
    pace = [2, 20, 100][Int(random.below(3))]
  }

  static func policy(_ random: inout RandomSource) -> CircuitBreakerPolicy {
    var policy = CircuitBreakerPolicy()
    func share() -> Share { Share(basisPoints: 1 + Int(random.below(10_000))) }
    let trigger = random.below(4)
    policy.failureRate = trigger == 0 ? nil : share()
    policy.consecutiveFailures = trigger == 1 ? nil : 1 + Int(random.below(8))
    policy.slowCall = random.below(2) == 0 ? nil : .milliseconds(100)
    policy.slowCallRate = share()
    policy.window =
      random.below(2) == 0
      ? .calls(1 + Int(random.below(30))) : .time(.milliseconds(100 + Int(random.below(900))))
    policy.minimumCalls = 1 + Int(random.below(25))
    policy.openFor = .milliseconds(1 + Int(random.below(200)))
    policy.openForMax = .milliseconds(1 + Int(random.below(2_000)))
    if policy.openForMax < policy.openFor { policy.openForMax = policy.openFor }
    policy.openJitter = random.below(2) == 0 ? .zero : share()
    policy.halfOpenCalls = 1 + Int(random.below(6))
    policy.recovery = random.below(3) == 0 ? .zero : .milliseconds(1 + Int(random.below(500)))
    return policy
  }

  private mutating func chance(_ of: UInt32) -> Bool { random.below(of) == 0 }

  mutating func step() throws {
    now += Int64(random.below(pace * 200_000))
    if chance(200) { now += Int64(random.below(3_000)) * 1_000_000 }
    if chance(300) { isSick.toggle() }
    if chance(500) { try setMode() }
    if chance(40) { try advance() }
    if chance(2) || pending.isEmpty { try admit() } else { try record() }
    try compare()
  }

  private mutating func advance() throws {
    let reason = reference.advance(now)
    let transition = machine.advance(to: Instant(nanoseconds: now))
    try Divergence.unless(
      transition?.reason == reason, "\(transition as Any), not \(reason as Any)")
    if transition != nil { transitions += 1 }
  }

  private mutating func setMode() throws {
    let modes: [CircuitBreakerPolicy.Mode] = [
      .enforced, .enforced, .enforced, .shadow, .disabled, .forcedOpen,
    ]
    let mode = modes[Int(random.below(6))]
    let isNew = mode != machine.mode
    let transition = machine.set(mode, Instant(nanoseconds: now))
    reference.set(mode, now)
    try Divergence.unless((transition?.reason == .modeSet) == isNew, "mode \(mode)")
  }

  private mutating func admit() throws {
    let mayPass = machine.refusesUntil <= Instant(nanoseconds: now)
    let expected = reference.admit(now)
    switch machine.admit(Instant(nanoseconds: now)) {
    case .refused(let nanoseconds):
      refusals += 1
      try Divergence.unless(expected == .refused && machine.mode != .shadow, "refused")
      try Divergence.unless(nanoseconds >= 0, "retry after \(nanoseconds)")
    case .admitted(let ticket):
      try Divergence.unless(mayPass, "balancers were told not to ask")
      try check(ticket, expected)
      pending.append(Pending(ticket: ticket, stay: reference.stay))
    }
  }

  private mutating func check(
    _ ticket: CircuitBreaker.Ticket, _ expected: BreakerReference.Answer
  ) throws {
    if let began = ticket.transition(at: Instant(nanoseconds: now)) {
      transitions += 1
      try Divergence.unless(began.isShadow == (machine.mode == .shadow), "\(began)")
    }
    switch expected {
    case .refused:
      refusals += 1
      try Divergence.unless(machine.mode == .shadow && ticket.wouldRefuse, "admitted")
    case .probe(let first):
      try Divergence.unless(ticket.isProbe && ticket.beganProbing == first, "no probe: \(first)")
    case .counted, .uncounted:
      try Divergence.unless(!ticket.isProbe && !ticket.wouldRefuse, "not counted")
    }
  }

  private mutating func record() throws {
    let number = Int(random.below(UInt32(pending.count)))
    if pending[number].early == nil, chance(10) { return try recordEarly(number) }
    let call = pending.remove(at: number)
    let failing = isSick ? random.below(10) < 8 : random.below(10) < 1
    let outcome: Outcome = chance(15) ? .ignored : failing ? .failure : .success
    let took = Int64(random.below(isSick ? 200 : 105)) * 1_000_000
    if let early = call.early { return try amend(call, early, outcome) }
    let transition = machine.record(
      call.ticket, outcome, nanoseconds: took, Instant(nanoseconds: now))
    // What a shadow marked, the reference refused: it must not hear of the result.
    let reason =
      call.ticket.wouldRefuse
      ? nil : reference.record(from: call.stay, outcome, took: .nanoseconds(took), now)
    try check(transition, reason)
  }

  /// A call is counted before its end: it is slow, or the head of its answer is there.
  private mutating func recordEarly(_ number: Int) throws {
    let call = pending[number]
    let index = call.stay.calls.count
    let took = Int64(random.below(isSick ? 200 : 105)) * 1_000_000
    let transition = machine.recordEarly(
      call.ticket, nanoseconds: took, Instant(nanoseconds: now))
    let reason =
      call.ticket.wouldRefuse
      ? nil : reference.recordEarly(from: call.stay, took: .nanoseconds(took), now)
    if call.stay.calls.count > index { pending[number].early = (now, index) }
    try check(transition, reason)
  }

  private mutating func amend(
    _ call: Pending, _ early: (at: Int64, index: Int), _ outcome: Outcome
  ) throws {
    // Which call of a window of calls is marked makes no difference to its sums, and does to what
    // leaves it first.
    if case .calls = reference.policy.window, outcome == .failure, !call.ticket.isProbe { return }
    let transition = machine.amend(
      call.ticket, outcome, countedAt: Instant(nanoseconds: early.at), Instant(nanoseconds: now))
    amendments += 1
    try check(transition, reference.amend(from: call.stay, at: early.index, outcome, now))
  }

  private mutating func check(
    _ transition: CircuitBreaker.Transition?, _ reason: CircuitBreaker.Reason?
  ) throws {
    try Divergence.unless(
      transition?.reason == reason, "\(transition as Any), not \(reason as Any)")
    guard let transition else { return }
    transitions += 1
    try Divergence.unless(
      transition.isShadow == (machine.mode == .shadow) && transition.at.nanoseconds == now,
      "\(transition)")
    if transition.to == .open { try reference.open(for: transition.openFor ?? .zero) }
  }

  private func compare() throws {
    let figures = machine.figures(Instant(nanoseconds: now))
    let expected: CircuitBreaker.State
    switch reference.stay.kind {
    case .closed:
      expected = reference.stay.isRecovering ? .recovering : .closed
      let calls = reference.callsInWindow(now)
      try Divergence.unless(
        figures.calls == calls.count && figures.failures == calls.filter(\.isFailure).count
          && figures.slow == calls.filter(\.isSlow).count,
        "\(figures), not of \(calls.count)")
    case .open: expected = .open
    case .halfOpen:
      expected = .halfOpen
      let most = reference.policy.halfOpenCalls
      try Divergence.unless(
        figures.probesInFlight == reference.stay.probesOut
          && figures.probesInFlight + figures.calls <= most, "\(figures), at most \(most)")
    }
    try Divergence.unless(
      machine.underlying == expected && machine.openings == reference.openings,
      "\(figures), \(expected), \(reference.openings) openings")
  }
}
