import Primitives

/// Requests that wait for a connection; tickets are slots of the queue.
///
/// First come first served, until the queue has stood above its target for an interval: then the
/// newest is served first, since whoever waited longest has most likely been given up by its
/// client, and whoever has waited beyond the target is refused (controlled delay, RFC 8289, with
/// adaptive last in first out, as Facebook uses them). Without a policy it stays first come first
/// served and refuses nobody but who is past its deadline.
///
///              the oldest has waited > target, for an interval
///     inTurn ───────────────────────────────────────────────→ overloaded
///        ↑      empty, or nobody refused for an interval          │
///        └────────────────────────────────────────────────────────┘
///
/// A value that is told the time. Confinement: its owner. Cost: O(1) each, no allocation once grown;
/// 28 bytes a ticket. The owner bounds it (`ResourceLimits.pending`).
package struct PendingQueue: Sendable {
  /// Why a waiter is refused; the raw value is its name in logs.
  package enum Refusal: String, Sendable, CaseIterable {
    /// It waited beyond the target while the queue was overloaded.
    case overload = "queue_overload"
    /// Its own deadline passed before its turn.
    case deadline = "queue_deadline"
  }

  package enum Turn: Sendable, Equatable {
    case serve(UInt32)
    case refuse(UInt32, Refusal)
  }

  static let none: UInt32 = .max
  private struct Waiter: Sendable {
    var next = PendingQueue.none
    var previous = PendingQueue.none
    var joined = Instant(nanoseconds: 0)
    var deadline = Instant.distantFuture
  }

  private var waiters: [Waiter] = []
  private var free: [UInt32] = []
  private var front = PendingQueue.none
  private var last = PendingQueue.none
  package private(set) var count = 0

  private var isControlled = false
  private var targetNanoseconds = Int64.max
  private var intervalNanoseconds = Int64.max
  /// Since when the oldest has waited above the target, without a break.
  private var aboveSince: Instant?
  /// When the overload began, or somebody was last refused for it.
  private var overloadedAt: Instant?

  /// `policy` nil: first come first served, whatever happens.
  package init(policy: QueuePolicy? = nil) {
    adopt(policy)
  }

  /// Goes on by another policy; who waits keeps the place and the time, and whether the queue
  /// stands is found out anew.
  package mutating func adopt(_ policy: QueuePolicy?) {
    isControlled = policy != nil
    targetNanoseconds = policy?.target.nanosecondsClamped ?? .max
    intervalNanoseconds = policy?.interval.nanosecondsClamped ?? .max
    aboveSince = nil
    overloadedAt = nil
  }

  package var isEmpty: Bool { count == 0 }
  /// As of the last event.
  package var isOverloaded: Bool { overloadedAt != nil }

  /// Joins the end; the ticket is given back by a turn or `cancel`.
  package mutating func push(now: Instant, deadline: Instant = .distantFuture) -> UInt32 {
    observe(now)
    let ticket = free.popLast() ?? UInt32(waiters.count)
    if Int(ticket) == waiters.count { waiters.append(Waiter()) }
    waiters[Int(ticket)] = Waiter(previous: last, joined: now, deadline: deadline)
    if last == Self.none { front = ticket } else { waiters[Int(last)].next = ticket }
    last = ticket
    count += 1
    return ticket
  }

  /// Who is served next: who waits longest, or in overload who came last.
  package var first: UInt32? {
    let ticket = isOverloaded ? last : front
    return ticket == Self.none ? nil : ticket
  }

  /// Something is free: whose turn it is, or, before that, somebody to refuse; then ask again.
  package mutating func pop(now: Instant) -> Turn? {
    if let ticket = refuse(now: now) { return .refuse(ticket, .overload) }
    guard let ticket = first else { return nil }
    let isLate = waiters[Int(ticket)].deadline <= now
    remove(ticket, now)
    return isLate ? .refuse(ticket, .deadline) : .serve(ticket)
  }

  /// Somebody who waited beyond the target in overload; the owner asks until there is none, also
  /// when nothing is free, at `refusalDue`.
  package mutating func refuse(now: Instant) -> UInt32? {
    observe(now)
    guard isOverloaded, isAbove(now) else { return nil }
    overloadedAt = now
    let ticket = front
    remove(ticket, now)
    return ticket
  }

  /// The earliest time at which `refuse` may find somebody, if nothing else happens; nil: never.
  package var refusalDue: Instant? {
    guard isControlled, front != Self.none else { return nil }
    let above = waiters[Int(front)].joined.advanced(byNanoseconds: targetNanoseconds)
    let due =
      isOverloaded ? above : (aboveSince ?? above).advanced(byNanoseconds: intervalNanoseconds)
    return due.advanced(byNanoseconds: isOverloaded ? 1 : 0)
  }

  /// Leaves the queue. Precondition: the ticket is in it.
  package mutating func cancel(_ ticket: UInt32, now: Instant) {
    observe(now)
    remove(ticket, now)
  }

  private mutating func remove(_ ticket: UInt32, _ now: Instant) {
    let (before, after) = (waiters[Int(ticket)].previous, waiters[Int(ticket)].next)
    if before == Self.none {
      precondition(front == ticket, "a ticket that does not wait")
      front = after
    } else {
      waiters[Int(before)].next = after
    }
    if after == Self.none { last = before } else { waiters[Int(after)].previous = before }
    count -= 1
    free.append(ticket)
    observe(now)
  }

  /// The oldest has waited for more than the target.
  private func isAbove(_ now: Instant) -> Bool {
    front != Self.none
      && now.nanoseconds(since: waiters[Int(front)].joined) > targetNanoseconds
  }

  private mutating func observe(_ now: Instant) {
    guard isControlled else { return }
    if isAbove(now) {
      let since = waiters[Int(front)].joined.advanced(byNanoseconds: targetNanoseconds)
      aboveSince = aboveSince ?? since
    } else {
      aboveSince = nil
    }
    if let since = overloadedAt {
      let isCalm = !isAbove(now) && now.nanoseconds(since: since) >= intervalNanoseconds
      if front == Self.none || isCalm { overloadedAt = nil }
    } else if let since = aboveSince, now.nanoseconds(since: since) >= intervalNanoseconds {
      overloadedAt = now
    }
  }
}
