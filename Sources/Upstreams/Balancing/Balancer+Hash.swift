import Primitives

/// Picks by a request's hash: a walk from where it falls, past those that may not have it.
extension Balancer {
  /// The walk takes a step for each endpoint that is passed over, so 1/(eligible share) in the mean.
  mutating func pickByHash(
    _ request: PickRequest, _ first: Int, _ random: inout RandomSource
  ) -> Pick? {
    let hash = request.hash ?? random.next()
    // The priority too is the same for the same key.
    let level = level(first, draw: KeyHash.derived(hash, -2) >> 32, random: &random)
    guard levels[level].eligible > 0 else { return nil }
    var pick = walk(hash, level, request)
    if pick.isElsewhere, request.tried.contains(keys[pick.index]) {
      // All of the level have been tried.
      for other in first..<first + roster.levelsPerView where levels[other].eligible > 0 {
        let next = walk(hash, other, request)
        guard !request.tried.contains(keys[next.index]) else { continue }
        pick = next
        pick.isElsewhere = true
        break
      }
      if request.tried.contains(keys[pick.index]) {
        if let spare = spare(first, request, &random) { return spare }
        pick.isElsewhere = false
      }
    }
    if request.hash == nil, pick.reason == .hash { pick.reason = .random }
    return pick
  }

  /// The first that may have it. If none may: the first that was not tried, even above its bounded
  /// load; else the first that is eligible.
  private func walk(_ hash: UInt64, _ level: Int, _ request: PickRequest) -> Pick {
    let part = level % roster.levelsPerView
    var place = placement.place(hash, in: part)
    var pick = Pick(index: -1, reason: .hash, priority: roster.levels[level].priority)
    pick.isPanic = levels[level].isPanic
    // All have been tried: the first eligible one will do, and the walk need not go all round.
    let isSpent = isSpent(level, request.tried)
    pick.isElsewhere = isSpent
    var untried = -1
    var eligible = -1
    for step in 1...placement.parts[part].count {
      let index = Int(placement.owners[place])
      if !isEligible(index, level: level) {
        if pick.reason == .hash { pick.reason = .hashUnavailable }
      } else if !request.tried.isEmpty, request.tried.contains(keys[index]) {
        pick.isElsewhere = true
        if eligible < 0 { eligible = index }
        if isSpent { break }
      } else if isBounded, isOverloaded(index, levels[level]) {
        pick.reason = .hashOverloaded
        if untried < 0 { untried = index }
      } else {
        pick.index = index
        break
      }
      place = placement.next(after: place, steps: step, hash, in: part)
    }
    if pick.index < 0 { pick.index = leftOver(level, untried, eligible, request.tried) }
    if levels[level].eligible == 1 { pick.reason = .onlyOne }
    return pick
  }

  /// Every eligible endpoint of the level is among the tried.
  private func isSpent(_ level: Int, _ tried: TriedEndpoints) -> Bool {
    guard !tried.isEmpty, levels[level].eligible <= tried.count else { return false }
    let start = roster.levels[level].start
    for place in start..<start + levels[level].eligible
    where !tried.contains(keys[Int(members[place])]) {
      return false
    }
    return true
  }

  /// With more endpoints than slots some have none: they are found by number.
  private func leftOver(
    _ level: Int, _ untried: Int, _ eligible: Int, _ tried: TriedEndpoints
  ) -> Int {
    if untried >= 0 { return untried }
    let start = roster.levels[level].start
    for place in start..<start + levels[level].eligible {
      let index = Int(members[place])
      if !tried.contains(keys[index]) { return index }
    }
    return eligible >= 0 ? eligible : Int(members[start])
  }

  /// active + 1 > ⌈bound × (all active + 1) × weight ÷ all weight⌉, in whole numbers. Since the
  /// bound is over 1, not all can be.
  @inline(__always)
  private func isOverloaded(_ index: Int, _ level: PickLevel) -> Bool {
    let bound = UInt128(max(settings.boundedLoadPercent ?? 100, 100))
    let share = bound * UInt128(level.active + 1) * UInt128(loads[index].weight)
    return UInt128(loads[index].active) * UInt128(level.weight) * 100 >= share
  }
}
