import Primitives
import Synchronization

/// A circuit breaker that threads and tasks share.
///
/// Why: one that each worker kept for itself would need a worker's share of the failures each time
/// and let a worker's number of probes through. While plainly closed, which is nearly always,
/// admission is one atomic load; everything else takes a lock around `CircuitBreakerMachine`.
///
/// Services use `run`; the proxy uses `admit` and `record` with its own clock. `admit` can turn an
/// open breaker half-open: `Ticket.transition(at:)`; `record` and `set` return the transition that
/// they caused. Every transition is reported once.
/// Cost: admission 1 load while closed, else a lock; no allocation after `init`.
public final class CircuitBreaker: Sendable {
  /// The machine's `word`; says whether a call must ask the machine.
  @usableFromInline let word: Atomic<UInt64>
  /// The machine's `refusesUntil`, nanoseconds.
  private let closedTo: Atomic<Int64>
  let machine: Lock<CircuitBreakerMachine>
  /// The machine's `slowNanoseconds`.
  private let slowTo: Atomic<Int64>
  /// What errors and figures call it; empty: nothing.
  public let name: String
  let clock: @Sendable () -> Instant
  let onTransition: (@Sendable (Transition) -> Void)?

  /// A breaker whose caller passes `now`. `seed` gives the jitter.
  package convenience init(_ policy: CircuitBreakerPolicy, seed: UInt64) {
    self.init(
      CircuitBreakerMachine(policy, seed: seed), clock: { Instant(nanoseconds: 0) },
      onTransition: nil)
  }

  init(
    _ machine: CircuitBreakerMachine, name: String = "", clock: @escaping @Sendable () -> Instant,
    onTransition: (@Sendable (Transition) -> Void)?
  ) {
    word = Atomic(machine.word)
    closedTo = Atomic(machine.refusesUntil.nanoseconds)
    slowTo = Atomic(machine.slowNanoseconds)
    self.machine = Lock(machine)
    self.name = name
    self.clock = clock
    self.onTransition = onTransition
  }

  @inlinable package func admit(now: Instant) -> Admission {
    let word = word.load(ordering: .relaxed)
    if word & 2 == 0 { return .admitted(Ticket(bits: word)) }
    return ask(now)
  }

  /// `nanoseconds`: how long the call took. The transition that this result caused, if it did.
  package func record(
    _ ticket: Ticket, _ outcome: Outcome, nanoseconds: Int64, now: Instant
  ) -> Transition? {
    machine.withLock { machine in
      let before = machine.generation
      let transition = machine.record(ticket, outcome, nanoseconds: nanoseconds, now)
      if machine.generation != before || ticket.bits & 2 != 0 { publish(machine) }
      return transition
    }
  }

  /// Counts a call that has not ended; `amend` says how it ended. `nanoseconds`: how long it has
  /// taken.
  package func recordEarly(_ ticket: Ticket, nanoseconds: Int64, now: Instant) -> Transition? {
    machine.withLock { machine in
      let transition = machine.recordEarly(ticket, nanoseconds: nanoseconds, now)
      publish(machine)
      return transition
    }
  }

  /// How a call ended that was counted early, at `countedAt`; exactly once.
  package func amend(
    _ ticket: Ticket, _ outcome: Outcome, countedAt: Instant, now: Instant
  ) -> Transition? {
    machine.withLock { machine in
      let transition = machine.amend(ticket, outcome, countedAt: countedAt, now)
      if transition != nil { publish(machine) }
      return transition
    }
  }

  package func set(_ mode: CircuitBreakerPolicy.Mode, now: Instant) -> Transition? {
    machine.withLock { machine in
      let transition = machine.set(mode, now)
      publish(machine)
      return transition
    }
  }

  /// Goes on by another policy (`CircuitBreakerMachine.adopt`). The transition that this was, if its
  /// mode has changed.
  package func adopt(_ policy: CircuitBreakerPolicy, now: Instant) -> Transition? {
    machine.withLock { machine in
      let transition = machine.adopt(policy, now)
      publish(machine)
      return transition
    }
  }

  /// Every call is admitted, and no lock is taken for it.
  @inlinable package var isPlainlyClosed: Bool { word.load(ordering: .relaxed) & 2 == 0 }

  /// A call that has lasted longer is slow; `.max`: none is.
  package var slowNanoseconds: Int64 { slowTo.load(ordering: .relaxed) }

  /// Whether a call may be admitted at `now`; the answer can be old by the time it is used.
  package func mayAdmit(now: Instant) -> Bool {
    now.nanoseconds >= closedTo.load(ordering: .relaxed)
  }

  /// When an open breaker may go half-open; the far future when no passing of time changes
  /// whether `mayAdmit`.
  package var nextChange: Instant {
    let time = closedTo.load(ordering: .relaxed)
    return time == .min ? .distantFuture : Instant(nanoseconds: time)
  }

  /// What the breaker is doing now; the answer can be old by the time it is used. Takes the lock.
  ///
  /// A breaker whose open time or whose recovery is over has moved on when this is read, and reports it.
  public var state: State {
    let now = clock()
    if let transition = advance(to: now) { onTransition?(transition) }
    return machine.withLock(\.state)
  }

  /// Moves on if only time was to pass; the transition, if there was one.
  package func advance(to now: Instant) -> Transition? {
    machine.withLock { machine in
      let transition = machine.advance(to: now)
      if transition != nil { publish(machine) }
      return transition
    }
  }

  package func figures(now: Instant) -> Figures {
    machine.withLock { $0.figures(now) }
  }

  @usableFromInline func ask(_ now: Instant) -> Admission {
    machine.withLock { machine in
      let admission = machine.admit(now)
      publish(machine)
      return admission
    }
  }

  /// Called with the lock held, so that the words never go back.
  private func publish(_ machine: CircuitBreakerMachine) {
    word.store(machine.word, ordering: .relaxed)
    closedTo.store(machine.refusesUntil.nanoseconds, ordering: .relaxed)
    slowTo.store(machine.slowNanoseconds, ordering: .relaxed)
  }
}
