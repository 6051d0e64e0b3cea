import Primitives

/// One endpoint of a group: its turn, or by chance.
extension Balancer {
  /// Whose turn it is.
  @inline(__always)
  mutating func turn(_ group: Int, _ now: Instant, _ random: inout RandomSource) -> Int {
    guard groups[group].warmAt > now.nanoseconds else { return nextTurn(group) }
    return turnWhileWarming(group, now, &random)
  }

  @inline(__always)
  mutating func nextTurn(_ group: Int) -> Int {
    let entry = groups[group]
    guard entry.isEven else { return schedule.next(start: entry.start, count: entry.count) }
    groups[group].cursor = entry.cursor + 1 == entry.count ? 0 : entry.cursor + 1
    return Int(members[entry.start + entry.cursor])
  }

  /// One by chance, in proportion to the weights.
  @inline(__always)
  func one(of group: Int, _ now: Instant, _ random: inout RandomSource) -> Int {
    guard groups[group].warmAt > now.nanoseconds else {
      return endpoint(groups[group], &random).index
    }
    return oneWhileWarming(group, now, &random)
  }

  /// Two distinct ones: the same twice would say nothing about load.
  @inline(__always)
  func twoOf(_ group: Int, _ random: inout RandomSource) -> (Int, Int) {
    let entry = groups[group]
    let first = endpoint(entry, &random).index
    var second = endpoint(entry, &random)
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
  func endpoint(
    _ group: PickGroup, _ random: inout RandomSource
  ) -> (index: Int, place: Int) {
    let bits = random.next()
    let place = Int(((bits >> 32) * UInt64(group.count)) >> 32)
    if group.isEven { return (Int(members[group.start + place]), place) }
    let coin = UInt32(truncatingIfNeeded: bits)
    return (draws.endpoint(members, group.start + place, coin: coin), place)
  }
}
