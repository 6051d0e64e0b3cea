import Primitives

/// Slow start: what falls to an endpoint that warms up is taken only with the share of its weight
/// that it has by now, and else the choice is made again. All policies but the hashed ones pass
/// through here while one of a group warms up, and never otherwise.
///
/// Why again, and not the other of two: of a pair that are both new one would get what the warm
/// ones should have. Source: Envoy's slow start, which scales the weight of `round_robin` and
/// `least_request`; here it holds for `peak_ewma` and `random` too.
extension Balancer {
  /// Choices that may be given up to endpoints that warm up, before the last is taken anyway.
  private static let warmupTriesMax = 16
  /// Envoy's `min_weight_percent`.
  private static let warmthMin = 0.1

  @inline(never)
  mutating func turnWhileWarming(
    _ group: Int, _ now: Instant, _ random: inout RandomSource
  ) -> Int {
    var index = nextTurn(group)
    var tries = 0
    while tries < Self.warmupTriesMax, !isAccepted(index, group, now, &random) {
      index = nextTurn(group)
      tries += 1
    }
    return index
  }

  @inline(never)
  func oneWhileWarming(_ group: Int, _ now: Instant, _ random: inout RandomSource) -> Int {
    var index = endpoint(groups[group], &random).index
    var tries = 0
    while tries < Self.warmupTriesMax, !isAccepted(index, group, now, &random) {
      index = endpoint(groups[group], &random).index
      tries += 1
    }
    return index
  }

  /// The better of two by the policy. The second must be better even for the share of its weight
  /// that it has: else whoever is new, and so has little to do, would win each pair that it is in.
  @inline(never)
  func betterOfTwoWhileWarming(
    _ group: Int, _ now: Instant, _ random: inout RandomSource
  ) -> Int {
    var tries = 0
    while true {
      let (one, two) = twoOf(group, &random)
      let taken = isBetter(two, one, group, now) ? two : one
      if tries == Self.warmupTriesMax || isAccepted(taken, group, now, &random) { return taken }
      tries += 1
    }
  }

  private func isBetter(_ two: Int, _ one: Int, _ group: Int, _ now: Instant) -> Bool {
    let warmthOfOne = relativeWarmth(one, group, now)
    let warmthOfTwo = relativeWarmth(two, group, now)
    let (left, right) = (loads[one], loads[two])
    guard settings.policy == .peakEwma else {
      return Double(right.active + 1) * Double(left.weight) * warmthOfOne
        <= Double(left.active) * Double(right.weight) * warmthOfTwo
    }
    let costOfOne = left.cost(now: now.nanoseconds, rate: decayRate, warmth: warmthOfOne)
    let costOfTwo = right.cost(now: now.nanoseconds, rate: decayRate, warmth: warmthOfTwo)
    return costOfTwo * max(1, warmthOfOne / warmthOfTwo) < costOfOne
  }

  private func isAccepted(
    _ index: Int, _ group: Int, _ now: Instant, _ random: inout RandomSource
  ) -> Bool {
    let warmth = relativeWarmth(index, group, now)
    return warmth >= 1 || Double(random.next() >> 11) * 0x1p-53 < warmth
  }

  /// The share of its weight that an endpoint has by now, relative to the one of its group that has
  /// been there longest: a group that is new as a whole shares out as if it were warm.
  private func relativeWarmth(_ index: Int, _ group: Int, _ now: Instant) -> Double {
    let own = warmth(joins[index], now)
    return own < 1 ? own / warmth(groups[group].oldestJoin, now) : 1
  }

  /// Envoy's slow start at aggression 1: the age's share of the window, at least a tenth.
  private func warmth(_ join: Int64, _ now: Instant) -> Double {
    if join == .min { return 1 }
    let age = Double(now.nanoseconds(since: Instant(nanoseconds: join)))
    return min(1, max(Self.warmthMin, age / Double(slowStartNanoseconds)))
  }
}
