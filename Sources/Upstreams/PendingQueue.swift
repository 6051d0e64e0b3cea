import Primitives

/// Requests that wait for a connection, first come first served; tickets are slots of the queue.
///
/// A value. Cost: O(1) to push, pop and cancel; no allocation once grown. Deadlines need not be in
/// order: the owner cancels a ticket whose request has run out of time.
package struct PendingQueue: Sendable {
  private static let none: UInt32 = .max
  private var next: [UInt32] = []
  private var previous: [UInt32] = []
  private var free: [UInt32] = []
  private var front = PendingQueue.none
  private var last = PendingQueue.none
  package private(set) var count = 0

  package init() {}

  package var isEmpty: Bool { count == 0 }

  /// Joins the end; the ticket is given back by `pop` or `cancel`.
  package mutating func push() -> UInt32 {
    let ticket = free.popLast() ?? UInt32(next.count)
    if Int(ticket) == next.count {
      next.append(Self.none)
      previous.append(Self.none)
    }
    next[Int(ticket)] = Self.none
    previous[Int(ticket)] = last
    if last == Self.none { front = ticket } else { next[Int(last)] = ticket }
    last = ticket
    count += 1
    return ticket
  }

  /// Who waits longest.
  package var first: UInt32? { front == Self.none ? nil : front }

  /// Takes the one that waits longest.
  package mutating func pop() -> UInt32? {
    guard let ticket = first else { return nil }
    cancel(ticket)
    return ticket
  }

  /// Leaves the queue. Precondition: the ticket is in it.
  package mutating func cancel(_ ticket: UInt32) {
    let before = previous[Int(ticket)]
    let after = next[Int(ticket)]
    if before == Self.none {
      precondition(front == ticket, "a ticket that does not wait")
      front = after
    } else {
      next[Int(before)] = after
    }
    if after == Self.none { last = before } else { previous[Int(after)] = before }
    count -= 1
    free.append(ticket)
  }
}
