import Upstreams

/// The queue's rules over a plain list, with the history of the oldest waiter's wait kept one by
/// one instead of one mark.
struct NaiveQueue {
  struct Waiter {
    var ticket: UInt32
    var joined: Int64
    var deadline: Int64
  }

  let target: Int64
  let interval: Int64
  var waiters: [Waiter] = []
  /// Who was the oldest, until when; the last is so still.
  private var fronts: [(joined: Int64?, until: Int64)] = []
  private(set) var isOverloaded = false
  private var lastRefusal: Int64 = 0

  init(target: Int64, interval: Int64) {
    self.target = target
    self.interval = interval
  }

  /// For how long, up to `now`, each oldest waiter had waited beyond the target.
  private func standing(_ now: Int64) -> Int64 {
    var since: Int64?
    var began: Int64 = 0
    for front in fronts + [(waiters.first?.joined, now)] {
      defer { began = front.until }
      guard let joined = front.joined, front.until - joined > target else {
        since = nil
        continue
      }
      // Whoever was within the target when its turn to be the oldest came breaks the row.
      if since == nil || began - joined <= target { since = joined + target }
    }
    return since.map { now - $0 } ?? -1
  }

  mutating func look(_ now: Int64) {
    let isAbove = waiters.first.map { now - $0.joined > target } ?? false
    if isOverloaded {
      if waiters.isEmpty || (!isAbove && now - lastRefusal >= interval) { isOverloaded = false }
    } else if standing(now) >= interval {
      isOverloaded = true
      lastRefusal = now
    }
  }

  mutating func push(_ ticket: UInt32, _ now: Int64, _ deadline: Int64) {
    look(now)
    waiters.append(Waiter(ticket: ticket, joined: now, deadline: deadline))
  }

  mutating func remove(_ ticket: UInt32, _ now: Int64) {
    look(now)
    fronts.append((waiters.first?.joined, now))
    // What stood before that is an interval ago either way.
    while let first = fronts.first, first.until < now - 2 * interval { fronts.removeFirst() }
    waiters.removeAll { $0.ticket == ticket }
    look(now)
  }

  mutating func refuse(_ now: Int64) -> UInt32? {
    look(now)
    guard isOverloaded, let oldest = waiters.first, now - oldest.joined > target else { return nil }
    lastRefusal = now
    remove(oldest.ticket, now)
    return oldest.ticket
  }

  mutating func pop(_ now: Int64) -> PendingQueue.Turn? {
    if let ticket = refuse(now) { return .refuse(ticket, .overload) }
    guard let next = isOverloaded ? waiters.last : waiters.first else { return nil }
    remove(next.ticket, now)
    return next.deadline <= now ? .refuse(next.ticket, .deadline) : .serve(next.ticket)
  }
}
