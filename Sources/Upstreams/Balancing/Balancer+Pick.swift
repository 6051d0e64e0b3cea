import Primitives

/// The pick itself.
extension Balancer {
  /// Draws before untried ones are looked for one by one.
  private static let untriedDrawsMax = 3

  /// An eligible endpoint; nil: there is none.
  package mutating func pick(
    _ request: PickRequest, now: Instant, random: inout RandomSource
  ) -> Pick? {
    let first = (request.subset.map { $0 + 1 } ?? 0) * roster.levelsPerView
    guard first < levels.count else { return nil }
    if settings.policy.isHashed { return pickByHash(request, first, &random) }
    let level = level(first, random: &random)
    guard levels[level].eligible > 0 else { return nil }
    let group = group(levels[level], &random)
    var pick = draw(group, now, &random)
    if request.tried.isEmpty || !request.tried.contains(keys[pick.index]) {
      finish(&pick, level, group)
      return pick
    }
    return pickElsewhere(pick, request, level, group, now, &random)
  }

  /// A level of the view by its load; `draw` nil: at random.
  @inline(__always)
  func level(_ first: Int, draw: UInt64? = nil, random: inout RandomSource) -> Int {
    var level = first
    // One priority is the rule; it needs no random number.
    if levels[first].cut >= PriorityLoads.whole { return first }
    let draw = draw ?? random.next() >> 32
    while level < first + roster.levelsPerView - 1, draw >= levels[level].cut { level += 1 }
    return level
  }

  @inline(__always)
  private func group(_ level: PickLevel, _ random: inout RandomSource) -> Int {
    if level.groupCount == 1 { return level.groupStart }
    let draw = random.next() >> 32
    var group = level.groupStart
    while group < level.groupStart + level.groupCount - 1, draw >= groups[group].cut { group += 1 }
    return group
  }

  @inline(__always)
  private func finish(_ pick: inout Pick, _ level: Int, _ group: Int) {
    pick.zone = groups[group].zone
    pick.priority = roster.levels[level].priority
    pick.isPanic = levels[level].isPanic
  }

  /// One of a group by the policy.
  @inline(__always)
  private mutating func draw(
    _ group: Int, _ now: Instant, _ random: inout RandomSource
  ) -> Pick {
    let entry = groups[group]
    if entry.count == 1 { return Pick(index: Int(members[entry.start]), reason: .onlyOne) }
    switch settings.policy {
    case .roundRobin:
      return Pick(index: turn(group, now, &random), reason: .turn)
    case .leastRequest:
      guard entry.warmAt <= now.nanoseconds else {
        return Pick(index: betterOfTwoWhileWarming(group, now, &random), reason: .leastOfTwo)
      }
      let (one, two) = twoOf(group, &random)
      return Pick(index: isLess(two, one) ? two : one, reason: .leastOfTwo)
    case .peakEwma:
      guard entry.warmAt <= now.nanoseconds else {
        return Pick(index: betterOfTwoWhileWarming(group, now, &random), reason: .lowerLatency)
      }
      let (one, two) = twoOf(group, &random)
      let left = loads[one].cost(now: now.nanoseconds, rate: decayRate)
      let right = loads[two].cost(now: now.nanoseconds, rate: decayRate)
      return Pick(index: right < left ? two : one, reason: .lowerLatency)
    case .random, .ringHash, .maglev:
      return Pick(index: one(of: group, now, &random), reason: .random)
    }
  }

  /// (active + 1) / weight ≤ active / weight: `two` with this request is not more loaded than `one`
  /// without it. With equal weights that is the plain comparison; with unequal ones, draws by weight
  /// decide while little is in flight, and load in proportion to weight when much is.
  @inline(__always)
  private func isLess(_ two: Int, _ one: Int) -> Bool {
    UInt64(loads[two].active + 1) * UInt64(loads[one].weight)
      <= UInt64(loads[one].active) * UInt64(loads[two].weight)
  }

  /// The policy's choice has been tried: another of the group, else of the level, else of the view,
  /// else one that is not eligible.
  private mutating func pickElsewhere(
    _ first: Pick, _ request: PickRequest, _ level: Int, _ group: Int, _ now: Instant,
    _ random: inout RandomSource
  ) -> Pick {
    let tried = request.tried
    var pick = first
    for _ in 0..<Self.untriedDrawsMax {
      pick = draw(group, now, &random)
      if !tried.contains(keys[pick.index]) {
        pick.isElsewhere = true
        finish(&pick, level, group)
        return pick
      }
    }
    let view = level / roster.levelsPerView * roster.levelsPerView
    for step in -1..<roster.levelsPerView {
      let other = step < 0 ? level : view + step
      let known = levels[other]
      for candidate in known.groupStart..<known.groupStart + known.groupCount {
        guard let index = untried(candidate, tried, &random) else { continue }
        pick = Pick(index: index, reason: first.reason, isElsewhere: true)
        finish(&pick, other, candidate)
        return pick
      }
    }
    if let spare = spare(view, request, &random) { return spare }
    pick = first
    finish(&pick, level, group)
    return pick
  }

  /// An untried one of a group.
  private func untried(
    _ group: Int, _ tried: TriedEndpoints, _ random: inout RandomSource
  ) -> Int? {
    untried(groups[group].start, groups[group].count, tried, &random)
  }
}
