import Primitives

/// One thread's loop: waits for events, gives each to its source, fires deadlines, takes mail.
///
/// ```
/// turn:  wait ── now ── events ── resumed sources ── deadlines ── mail ── end of turn
/// ```
///
/// Fairness: a source does a bounded amount of work and asks for another turn (`resumeLater`).
/// Confinement: everything but `mailbox` belongs to the thread that runs the loop.
/// Cost: one wait a turn, no allocation after warm-up.
package final class EventLoop {
  /// Events taken from one wait; more stay with the kernel until the next.
  package static let eventsPerTurnMax = 256

  package let kernel: Kernel
  package let mailbox: Mailbox
  /// The monotonic time at which this turn's events were taken.
  package private(set) var now: Instant
  /// Counts the turns: what happened in one and the same is known to have been told together.
  package private(set) var turnNumber: UInt64 = 0
  /// Told after each turn: how long it took. For metrics and for flushing what is due.
  package var turnEnded: ((_ nanoseconds: Int64) -> Void)?

  private var sources: [EventSource?] = []
  private var registrations: [UInt32] = []
  private var freeSlots: [UInt32] = []
  private var timers: TimerWheel
  private var events: [ReadyEvent] = []
  private var expired: [UInt32] = []
  private var resumable: [EventSource] = []
  private var resuming: [EventSource] = []
  private var isStopped = false

  package init(kernel: Kernel) throws(Errno) {
    self.kernel = kernel
    now = kernel.now()
    timers = TimerWheel(now: now)
    mailbox = Mailbox(descriptor: try kernel.makeWakeup())
    events.reserveCapacity(Self.eventsPerTurnMax)
    try add(MailSource(mailbox), on: mailbox.descriptor, watching: .readable)
  }

  /// Gives `descriptor` to `source` and watches it, edge-triggered, for good: nothing is re-armed
  /// per request. On an error the descriptor stays the caller's.
  package func add(
    _ source: EventSource, on descriptor: Int32,
    watching interest: Readiness = [.readable, .writable],
    isExclusive: Bool = false
  ) throws(Errno) {
    let slot = takeSlot()
    let token = UInt64(registrations[Int(slot)]) << 32 | UInt64(slot)
    do throws(Errno) {
      try kernel.watch(descriptor, interest, token: token, isExclusive: isExclusive)
    } catch {
      freeSlots.append(slot)
      throw error
    }
    sources[Int(slot)] = source
    source.descriptor = descriptor
    source.slot = slot
  }

  /// Gives a source without a descriptor a deadline and turns of its own: one of several that live on
  /// the same connection.
  package func add(_ source: EventSource) {
    precondition(!source.isAdded, "a source has one loop")
    let slot = takeSlot()
    sources[Int(slot)] = source
    source.slot = slot
  }

  /// Forgets a source that has no descriptor.
  package func remove(_ source: EventSource) {
    precondition(source.isAdded && !source.isOpen, "a source with a descriptor is closed")
    freeSlot(of: source)
  }

  private func takeSlot() -> UInt32 {
    if let slot = freeSlots.popLast() { return slot }
    sources.append(nil)
    registrations.append(0)
    timers.reserve(sources.count)
    return UInt32(sources.count - 1)
  }

  private func freeSlot(of source: EventSource) {
    let slot = Int(source.slot)
    timers.remove(source.slot)
    sources[slot] = nil
    registrations[slot] &+= 1
    freeSlots.append(source.slot)
    source.slot = .max
  }

  /// Closes the source's descriptor and forgets it; events of it that are still queued are dropped.
  package func close(_ source: EventSource) {
    guard source.isOpen else { return }
    kernel.close(release(source))
  }

  /// Forgets the source but leaves its descriptor open, which is the answer.
  package func release(_ source: EventSource) -> Int32 {
    let slot = Int(source.slot)
    precondition(source.isOpen && sources[slot] === source, "a source of another loop")
    let descriptor = source.descriptor
    kernel.unwatch(descriptor)
    freeSlot(of: source)
    source.descriptor = -1
    return descriptor
  }

  /// Sets the source's one deadline, replacing an earlier one.
  package func arm(_ source: EventSource, at deadline: Instant) {
    guard source.isAdded else { return }
    timers.arm(source.slot, at: deadline)
  }

  package func disarm(_ source: EventSource) {
    guard source.isAdded else { return }
    timers.disarm(source.slot)
  }

  /// Disarms a source that may not be armed again soon: `disarm` leaves an entry behind that costs a
  /// turn when it would have been due.
  package func forgetDeadline(of source: EventSource) {
    guard source.isAdded else { return }
    timers.remove(source.slot)
  }

  /// The source's deadline, to the millisecond; nil: it has none.
  package func deadline(of source: EventSource) -> Instant? {
    source.isAdded ? timers.deadline(source.slot) : nil
  }

  /// Calls the source's `resume` in the next turn, after the events that are waiting by then.
  package func resumeLater(_ source: EventSource) {
    guard !source.isQueuedToResume else { return }
    source.isQueuedToResume = true
    resumable.append(source)
  }

  /// Runs turns until `stop`.
  package func run() {
    while !isStopped { turn(waitingUntil: .distantFuture) }
  }

  /// Ends `run` after this turn. From another thread: post it to the mailbox.
  package func stop() {
    isStopped = true
  }

  /// One turn; waits until an event, a deadline or `limit`.
  package func turn(waitingUntil limit: Instant) {
    let wake = resumable.isEmpty ? min(timers.nextDue ?? .distantFuture, limit) : now
    turnNumber &+= 1
    kernel.wait(until: wake, from: now, into: &events)
    now = kernel.now()
    for event in events { dispatch(event) }
    resumeSources()
    fireDeadlines()
    if let turnEnded { turnEnded(kernel.now().nanoseconds(since: now)) }
  }

  private func dispatch(_ event: ReadyEvent) {
    let slot = Int(truncatingIfNeeded: event.token & 0xFFFF_FFFF)
    guard slot < sources.count, registrations[slot] == UInt32(event.token >> 32),
      let source = sources[slot]
    else { return }
    source.ready(event.readiness)
  }

  private func resumeSources() {
    guard !resumable.isEmpty else { return }
    swap(&resumable, &resuming)
    for source in resuming {
      source.isQueuedToResume = false
      if source.isAdded { source.resume() }
    }
    resuming.removeAll(keepingCapacity: true)
  }

  private func fireDeadlines() {
    timers.advance(to: now, expired: &expired)
    guard !expired.isEmpty else { return }
    lookAgain()
    for slot in expired where timers.claim(slot) { sources[Int(slot)]?.deadlinePassed() }
    expired.removeAll(keepingCapacity: true)
  }

  /// Deadlines have passed: takes what has arrived and was not among this turn's events before they
  /// are acted on. A process that stood still (stopped, or without a processor) finds more events
  /// than a turn takes, and answers that came in time would be thrown away. Each source is told once
  /// at most, so that nobody who sends without a pause puts the deadlines off.
  private func lookAgain() {
    for _ in 0...sources.count / Self.eventsPerTurnMax {
      // What is sent in answer to one look may be answered in the next (`isAnsweredTooEarly`).
      turnNumber &+= 1
      kernel.wait(until: now, from: now, into: &events)
      for event in events { dispatch(event) }
      if events.count < Self.eventsPerTurnMax { break }
    }
    resumeSources()
  }
}
