import Primitives

/// The idle connections of one endpoint on one worker, and how long they may be trusted.
///
/// Last in, first out: the busiest connections stay warm and the surplus ages out. A value; ids are
/// the shell's. It also learns the endpoint's own keep-alive timeout:
///
///     usable until  parked + min(policy.idle, 0.8 × shortest idle time that ended in a close,
///                                advertised timeout − 1 s), but never below 50 ms
///
/// A close by the endpoint after n seconds idle says that its timeout is at most n. What was learned
/// is forgotten after 10 minutes, so that one restart of the endpoint does not mark it for ever.
/// Cost: O(1) to check in and out; removing one is linear in the idle ones (at most `idleMax`).
package struct IdlePool: Sendable {
  package enum CheckIn: Equatable, Sendable {
    /// May be used until then.
    case park(until: Instant)
    /// Too old, or too many are idle: the shell closes it.
    case close
  }

  private struct Parked: Sendable {
    var id: UInt32
    var since: Instant
  }

  private static let floorNanoseconds: Int64 = 50_000_000
  private static let memoryNanoseconds: Int64 = 600_000_000_000

  private let policy: PoolPolicy
  private let idleNanoseconds: Int64
  private var parked: [Parked] = []
  private var learned: Int64 = .max
  private var learnedAt = Instant(nanoseconds: 0)
  private var advertised: Int64 = .max

  package init(policy: PoolPolicy) {
    self.policy = policy
    idleNanoseconds = policy.idle.nanosecondsClamped
  }

  package var count: Int { parked.count }

  /// How long a connection that is parked now may be used.
  package func trustNanoseconds(_ now: Instant) -> Int64 {
    var nanoseconds = min(idleNanoseconds, advertised)
    if learned != .max, now.nanoseconds(since: learnedAt) < Self.memoryNanoseconds {
      nanoseconds = min(nanoseconds, learned / 5 * 4)
    }
    return max(nanoseconds, Self.floorNanoseconds)
  }

  /// A connection that was opened at `openedAt` has nothing to do.
  package mutating func checkIn(_ id: UInt32, openedAt: Instant, now: Instant) -> CheckIn {
    if let most = policy.ageMax, now.duration(since: openedAt) >= most { return .close }
    guard parked.count < policy.idleMax else { return .close }
    parked.append(Parked(id: id, since: now))
    return .park(until: now.advanced(byNanoseconds: trustNanoseconds(now)))
  }

  /// The connection that was parked last, if it may still be trusted.
  package mutating func checkOut(now: Instant) -> UInt32? {
    guard let last = parked.last, now.nanoseconds(since: last.since) < trustNanoseconds(now) else {
      return nil
    }
    parked.removeLast()
    return last.id
  }

  /// Takes that very one, which is in use again.
  package mutating func remove(_ id: UInt32) { parked.removeAll { $0.id == id } }

  /// Takes the one that was parked first, whatever its age: to close it for another's sake.
  package mutating func evict() -> UInt32? {
    parked.isEmpty ? nil : parked.removeFirst().id
  }

  /// Takes one that may no longer be trusted; nil when there is none.
  package mutating func expire(now: Instant) -> UInt32? {
    guard let first = parked.first, now.nanoseconds(since: first.since) >= trustNanoseconds(now)
    else { return nil }
    parked.removeFirst()
    return first.id
  }

  /// The endpoint closed an idle connection.
  package mutating func closedByPeer(_ id: UInt32, now: Instant) {
    guard let index = parked.firstIndex(where: { $0.id == id }) else { return }
    let idle = now.nanoseconds(since: parked[index].since)
    parked.remove(at: index)
    // A close at once says that the endpoint restarts, not what its timeout is.
    guard idle >= Self.floorNanoseconds else { return }
    let isFresh = now.nanoseconds(since: learnedAt) < Self.memoryNanoseconds
    learned = isFresh ? min(learned, idle) : idle
    learnedAt = now
  }

  /// The endpoint said `Keep-Alive: timeout=n`; a second is kept for the way.
  package mutating func advertised(seconds: UInt32) {
    advertised = max(Int64(seconds) - 1, 0) * 1_000_000_000
  }
}
