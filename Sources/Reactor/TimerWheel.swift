import Primitives

/// Deadlines of many owners, cheap to move: a hierarchical timing wheel (Varghese and Lauck 1987,
/// scheme 7) with six levels of 64 slots, a millisecond to the tick.
///
/// An owner (a small dense number) has at most one deadline. Moving it later is one store: the
/// entry stays in its slot and is placed anew when that slot comes due. A deadline never fires
/// early and at most a tick late. Range: 2^36 ms (over two years), later ones are held there.
/// Cost: arm and disarm O(1), no allocation once `reserve` has seen the owner. A value; time is
/// passed in.
package struct TimerWheel {
  private static let levels = 6
  private static let slots = 64
  private static let none = Int32(-1)
  /// In `wanted`: the deadline has passed and nobody has acted on that yet.
  private static let passed = Int64.min

  private var wanted: [Int64] = []
  /// Slot (level * 64 + index) that an owner's entry stands in, or `none`.
  private var place: [Int32] = []
  /// The tick at which that slot comes due.
  private var due: [Int64] = []
  private var next: [Int32] = []
  private var previous: [Int32] = []
  private var first = [Int32](repeating: TimerWheel.none, count: levels * slots)
  private var occupied = [UInt64](repeating: 0, count: levels)
  /// Every slot up to and with this tick has been emptied.
  private var elapsed: Int64

  package init(now: Instant) {
    elapsed = now.nanoseconds / 1_000_000
  }

  /// Makes room for owners 0 ..< count.
  package mutating func reserve(_ count: Int) {
    while wanted.count < count {
      wanted.append(.max)
      place.append(Self.none)
      due.append(.max)
      next.append(Self.none)
      previous.append(Self.none)
    }
  }

  /// Sets the owner's deadline, replacing an earlier one.
  package mutating func arm(_ owner: UInt32, at deadline: Instant) {
    let index = Int(owner)
    let tick = Self.tick(deadline)
    wanted[index] = tick
    if tick >= due[index] { return }
    if place[index] != Self.none { unlink(index) }
    link(index, tick)
  }

  package mutating func disarm(_ owner: UInt32) {
    wanted[Int(owner)] = .max
  }

  /// The owner's deadline, rounded up to the tick; nil: it has none.
  package func deadline(_ owner: UInt32) -> Instant? {
    let tick = wanted[Int(owner)]
    guard tick != .max, tick != Self.passed else { return nil }
    let (nanoseconds, overflow) = tick.multipliedReportingOverflow(by: 1_000_000)
    return overflow ? .distantFuture : Instant(nanoseconds: nanoseconds)
  }

  /// Forgets the owner, for one whose number will be used again.
  package mutating func remove(_ owner: UInt32) {
    let index = Int(owner)
    wanted[index] = .max
    if place[index] != Self.none { unlink(index) }
  }

  /// When `advance` next has something to do; nil when nothing is armed. May be earlier than any
  /// deadline (a slot to be sorted finer, or a deadline that was moved).
  package var nextDue: Instant? {
    for level in 0..<Self.levels where occupied[level] != 0 {
      return Instant(nanoseconds: firstDue(level) * 1_000_000)
    }
    return nil
  }

  /// Moves time forward and appends the owners whose deadline has passed; each is disarmed by that
  /// and has to be claimed before it is acted on.
  package mutating func advance(to now: Instant, expired: inout [UInt32]) {
    let target = now.nanoseconds / 1_000_000
    while true {
      guard let level = (0..<Self.levels).first(where: { occupied[$0] != 0 }) else { break }
      let tick = firstDue(level)
      guard tick <= target else { break }
      elapsed = max(elapsed, tick)
      empty(level, Int(tick >> Int64(level * 6)) & 63, target, &expired)
    }
    elapsed = max(elapsed, target)
  }

  /// Whether the deadline that `advance` reported is still the owner's: what was done for owners
  /// reported before it may have armed it anew, disarmed it, or given its number away.
  package mutating func claim(_ owner: UInt32) -> Bool {
    guard wanted[Int(owner)] == Self.passed else { return false }
    wanted[Int(owner)] = .max
    return true
  }

  /// Rounded up, so that a deadline never fires early.
  private static func tick(_ deadline: Instant) -> Int64 {
    deadline.nanoseconds > .max - 1_000_000
      ? .max - 1 : (deadline.nanoseconds + 999_999) / 1_000_000
  }

  /// The tick at which the first occupied slot of `level` comes due.
  private func firstDue(_ level: Int) -> Int64 {
    let shift = Int64(level * 6)
    let current = Int(elapsed >> shift) & 63
    let bits = occupied[level]
    let rotated = current == 0 ? bits : (bits >> UInt64(current)) | (bits << UInt64(64 - current))
    let slot = (elapsed >> shift) + Int64(rotated.trailingZeroBitCount)
    return max(slot << shift, elapsed)
  }

  private mutating func empty(
    _ level: Int, _ slot: Int, _ target: Int64, _ expired: inout [UInt32]
  ) {
    let list = level * Self.slots + slot
    var index = first[list]
    first[list] = Self.none
    occupied[level] &= ~(1 << UInt64(slot))
    while index != Self.none {
      let entry = Int(index)
      index = next[entry]
      place[entry] = Self.none
      due[entry] = .max
      if wanted[entry] <= target {
        wanted[entry] = Self.passed
        expired.append(UInt32(entry))
      } else if wanted[entry] != .max {
        link(entry, wanted[entry])
      }
    }
  }

  private mutating func link(_ index: Int, _ tick: Int64) {
    let most = elapsed + (1 << Int64(Self.levels * 6)) - 1
    let when = min(max(tick, elapsed + 1), most)
    let differing = UInt64(bitPattern: elapsed ^ when) | 63
    let level = min((63 - differing.leadingZeroBitCount) / 6, Self.levels - 1)
    let shift = Int64(level * 6)
    let slot = Int(when >> shift) & 63
    let list = level * Self.slots + slot
    place[index] = Int32(list)
    due[index] = max((when >> shift) << shift, elapsed)
    let head = first[list]
    next[index] = head
    previous[index] = Self.none
    if head != Self.none { previous[Int(head)] = Int32(index) }
    first[list] = Int32(index)
    occupied[level] |= 1 << UInt64(slot)
  }

  private mutating func unlink(_ index: Int) {
    let list = Int(place[index])
    let before = previous[index]
    let after = next[index]
    if before == Self.none { first[list] = after } else { next[Int(before)] = after }
    if after != Self.none { previous[Int(after)] = before }
    if first[list] == Self.none {
      occupied[list / Self.slots] &= ~(1 << UInt64(list % Self.slots))
    }
    place[index] = Self.none
    due[index] = .max
  }
}
