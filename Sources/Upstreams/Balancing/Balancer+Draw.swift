import Primitives

/// One endpoint of a group: its turn, or by chance; and slow start, which both pass through.
extension Balancer {
  /// Turns or draws that may be given up to endpoints that warm up, before the last is taken anyway.
  private static let warmupTriesMax = 16
  /// Envoy's `min_weight_percent`.
  private static let warmthMin = 0.1

  /// Whose turn it is.
  @inline(__always)
  mutating func turn(_ group: Int, _ now: Instant, _ random: inout RandomSource) -> Int {
    var index = nextTurn(group)
    guard groups[group].warmAt > now.nanoseconds else { return index }
    var tries = 0
    while tries < Self.warmupTriesMax, !isAccepted(index, group, now, &random) {
      index = nextTurn(group)
      tries += 1
    }
    return index
  }

  @inline(__always)
  private mutating func nextTurn(_ group: Int) -> Int {
    let entry = groups[group]
    guard entry.isEven else { return schedule.next(start: entry.start, count: entry.count) }
    groups[group].cursor = entry.cursor + 1 == entry.count ? 0 : entry.cursor + 1
    return Int(members[entry.start + entry.cursor])
  }

  /// One by chance, in proportion to the weights.
  @inline(__always)
  func one(of group: Int, _ now: Instant, _ random: inout RandomSource) -> Int {
    drawn(group, now, &random).index
  }

  /// Two distinct ones: the same twice would say nothing about load.
  @inline(__always)
  func twoOf(_ group: Int, _ now: Instant, _ random: inout RandomSource) -> (Int, Int) {
    let entry = groups[group]
    let first = one(of: group, now, &random)
    var second = drawn(group, now, &random)
    if second.index != first { return (first, second.index) }
    // The one behind, or, if that place led to the same by its alias, the one behind that.
    for _ in 0..<2 {
      second.place = second.place + 1 == entry.count ? 0 : second.place + 1
      let index = Int(members[entry.start + second.place])
      if index != first { return (first, index) }
    }
    return (first, first)
  }

  @inline(__always)
  private func drawn(
    _ group: Int, _ now: Instant, _ random: inout RandomSource
  ) -> (index: Int, place: Int) {
    let entry = groups[group]
    var drawn = endpoint(entry, &random)
    guard entry.warmAt > now.nanoseconds else { return drawn }
    var tries = 0
    while tries < Self.warmupTriesMax, !isAccepted(drawn.index, group, now, &random) {
      drawn = endpoint(entry, &random)
      tries += 1
    }
    return drawn
  }

  @inline(__always)
  private func endpoint(
    _ group: PickGroup, _ random: inout RandomSource
  ) -> (index: Int, place: Int) {
    let bits = random.next()
    let place = Int(((bits >> 32) * UInt64(group.count)) >> 32)
    if group.isEven { return (Int(members[group.start + place]), place) }
    let coin = UInt32(truncatingIfNeeded: bits)
    return (draws.endpoint(members, group.start + place, coin: coin), place)
  }

  /// Whether an endpoint that warms up takes what fell to it: with the share of its weight that it
  /// has by now, relative to the one of the group that has been there longest, so that a group that
  /// is new as a whole shares out as if it were warm.
  @inline(never)
  private func isAccepted(
    _ index: Int, _ group: Int, _ now: Instant, _ random: inout RandomSource
  ) -> Bool {
    let own = warmth(joins[index], now)
    guard own < 1 else { return true }
    let most = warmth(groups[group].oldestJoin, now)
    return Double(random.next() >> 11) * 0x1p-53 * most < own
  }

  /// Envoy's slow start at aggression 1: the age's share of the window, at least a tenth.
  private func warmth(_ join: Int64, _ now: Instant) -> Double {
    if join == .min { return 1 }
    let age = Double(now.nanoseconds(since: Instant(nanoseconds: join)))
    return min(1, max(Self.warmthMin, age / Double(slowStartNanoseconds)))
  }
}
