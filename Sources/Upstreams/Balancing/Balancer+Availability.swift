import Primitives

/// What changes rarely: the endpoints, and who of them is available.
extension Balancer {
  /// Takes over a new list, and new settings if there are any. Requests in flight, latencies,
  /// health and admission of those that stay are kept, by key; who is new is available, and measured
  /// from the seed.
  package mutating func adopt(
    _ planned: [BalancerEndpoint], settings changed: BalancingSettings? = nil,
    placement given: HashPlacement? = nil, now: Instant, random: inout RandomSource
  ) {
    if let changed { use(changed) }
    let table = BalancerTable(planned, settings, placement: given)
    let origins = take(table, now).origins
    let old = (well: well, admitted: admitted, healthy: healthy)
    well = EndpointSet(capacity: planned.count, isFull: true)
    admitted = well
    healthy = well
    for (index, origin) in origins.enumerated() where origin >= 0 {
      if !old.well.contains(Int(origin)) { well.remove(index) }
      if !old.admitted.contains(Int(origin)) { admitted.remove(index) }
      if !old.healthy.contains(Int(origin)) { healthy.remove(index) }
    }
    derive(now, &random)
  }

  /// The same of a list that workers share, whose availability `setAvailable` is to tell at once: until
  /// then nobody can be picked. What has changed is the result. Cost: a copy of an array, and of what
  /// weights imply.
  package mutating func adopt(
    _ table: BalancerTable, settings changed: BalancingSettings, now: Instant
  ) -> EndpointDifference {
    use(changed)
    let difference = take(table, now)
    well = EndpointSet(capacity: 0, isFull: false)
    levels = []
    return difference
  }

  private mutating func take(_ table: BalancerTable, _ now: Instant) -> EndpointDifference {
    precondition(table.keys.count <= DeadlineSchedule.indexMax, "an index has 20 bits")
    let follows = table.number != 0 && table.numberBefore == tableNumber
    let difference =
      follows ? table.difference : EndpointDifference(of: table.keys, from: keys)
    let origins = difference.origins
    let seed = EndpointLoad(average: seedNanoseconds, stamp: now.nanoseconds, weight: 1)
    if follows, table.keys.count == keys.count {
      let old = difference.changes.isEmpty ? [] : loads
      for place in difference.changes {
        let origin = Int(origins[Int(place)])
        loads[Int(place)] = origin >= 0 ? old[origin] : seed
      }
    } else {
      let old = loads
      loads = origins.map { $0 >= 0 ? old[Int($0)] : seed }
    }
    for index in loads.indices {
      loads[index].weight = table.weights[index]
      loads[index].burden = table.burdens[index]
    }
    endpoints = table.endpoints
    keys = table.keys
    weights = table.weights
    joins = table.joins
    placement = table.placement
    roster = table.roster
    sharedDraws = table.draws
    isEven = table.isEven
    tableNumber = table.number
    makeRoom()
    return difference
  }

  private mutating func makeRoom() {
    let room = roster.entries.count
    members = [UInt32](repeating: 0, count: room)
    let isTurns = settings.policy == .roundRobin && !isEven
    schedule = DeadlineSchedule(weights: isTurns ? weights : [], room: isTurns ? room : 0)
    draws = sharedDraws
    wordsPerLevel = (endpoints.count + 63) / 64
  }

  /// Who is well (healthy and not ejected), whom their own breakers admit, and whom health checks
  /// find healthy, ejected or not; nil: those that are well.
  package mutating func setAvailable(
    well: EndpointSet, admitted: EndpointSet, healthy: EndpointSet? = nil, now: Instant,
    random: inout RandomSource
  ) {
    precondition(well.capacity == count && admitted.capacity == count, "a bit an endpoint")
    self.well = well
    self.admitted = admitted
    self.healthy = healthy ?? well
    derive(now, &random)
  }

  private mutating func derive(_ now: Instant, _ random: inout RandomSource) {
    let available = well.intersection(admitted)
    let perView = roster.levelsPerView
    levels = [PickLevel](repeating: PickLevel(), count: roster.levels.count)
    draws = sharedDraws
    groups.removeAll(keepingCapacity: true)
    if settings.policy.isHashed {
      eligibleWords = [UInt64](repeating: 0, count: levels.count * wordsPerLevel)
    }
    for view in 0..<(perView == 0 ? 0 : levels.count / perView) {
      let first = view * perView
      let shares = PriorityLoads.of(
        (first..<first + perView).map { tally(roster.levels[$0], available) }, settings)
      var cut: UInt64 = 0
      for rank in 0..<perView {
        cut += shares[rank].load
        levels[first + rank].cut = cut
        levels[first + rank].isPanic = shares[rank].isPanic
        settle(first + rank, shares[rank].isPanic ? admitted : available, &random)
      }
    }
  }

  private func tally(_ level: Roster.Level, _ available: EndpointSet) -> PriorityLoads.Count {
    var count = PriorityLoads.Count(all: level.count, admitted: 0, available: 0)
    for place in level.start..<level.start + level.count {
      let index = Int(roster.entries[place])
      count.admitted += admitted.contains(index) ? 1 : 0
      count.available += available.contains(index) ? 1 : 0
    }
    return count
  }

  /// The eligible endpoints of a level, in a group, or in one for each zone.
  private mutating func settle(
    _ number: Int, _ eligible: EndpointSet, _ random: inout RandomSource
  ) {
    let level = roster.levels[number]
    levels[number].groupStart = groups.count
    var place = level.start
    var ends: [(end: Int, weight: UInt64)] = []
    if level.segmentCount == 1, eligible.count == count {
      // All are eligible, and there is no zone to weigh.
      for entry in level.start..<level.start + level.count {
        members[entry] = roster.entries[entry]
      }
      place += level.count
      ends.append((place, 0))
    } else {
      (place, ends) = gather(level, eligible)
    }
    levels[number].eligible = place - level.start
    addSpares(number, place, eligible)
    guard place > level.start else { return }
    settle(number, level, place, ends, &random)
  }

  /// Puts the eligible endpoints of a level in their places, zone by zone; where each zone ends, and
  /// what it weighs.
  private mutating func gather(
    _ level: Roster.Level, _ eligible: EndpointSet
  ) -> (Int, [(end: Int, weight: UInt64)]) {
    var place = level.start
    var ends: [(end: Int, weight: UInt64)] = []
    for segment in roster.segments[level.segmentStart..<level.segmentStart + level.segmentCount] {
      var weight: UInt64 = 0
      for entry in roster.entries[segment.start..<segment.start + segment.count]
      where eligible.contains(Int(entry)) {
        members[place] = entry
        weight += UInt64(weights[Int(entry)])
        place += 1
      }
      ends.append((place, weight))
    }
    return (place, ends)
  }

  /// Makes the groups of a level whose eligible endpoints stand before `place`.
  private mutating func settle(
    _ number: Int, _ level: Roster.Level, _ place: Int, _ ends: [(end: Int, weight: UInt64)],
    _ random: inout RandomSource
  ) {
    if settings.policy.isHashed {
      addEligible(number, level.start, place)
    } else {
      let isPanic = levels[number].isPanic
      let isWhole = !isPanic && place - level.start == level.count
      if !isPanic, level.isZoned(settings, ownCount: ends[0].end - level.start) {
        addZones(level.start, ends, isWhole: isWhole, &random)
      } else {
        add(level.start, place, cut: PriorityLoads.whole, .any, isWhole: isWhole, &random)
      }
    }
    levels[number].groupCount = groups.count - levels[number].groupStart
  }

  /// Behind the eligible endpoints of a level: the others that their breakers admit, the ejected
  /// ones first, then the unhealthy ones.
  private mutating func addSpares(_ number: Int, _ start: Int, _ eligible: EndpointSet) {
    let level = roster.levels[number]
    // All of them are eligible.
    guard start < level.start + level.count else { return }
    var place = start
    for isHealthy in [true, false] {
      for rank in level.start..<level.start + level.count {
        let entry = roster.entries[rank]
        guard admitted.contains(Int(entry)), !eligible.contains(Int(entry)),
          healthy.contains(Int(entry)) == isHealthy
        else { continue }
        members[place] = entry
        place += 1
      }
      if isHealthy { levels[number].ejected = place - start }
    }
    levels[number].spares = place - start
  }

  private mutating func addEligible(_ number: Int, _ start: Int, _ end: Int) {
    for place in start..<end {
      let index = Int(members[place])
      eligibleWords[number * wordsPerLevel + (index >> 6)] |= 1 << UInt64(index & 63)
      levels[number].weight += UInt64(weights[index])
      levels[number].active += Int(loads[index].active)
    }
  }

  private mutating func addZones(
    _ start: Int, _ ends: [(end: Int, weight: UInt64)], isWhole: Bool,
    _ random: inout RandomSource
  ) {
    let shares = ZoneShares.of(ends.map(\.weight), callersOwn: settings.ownZoneCallers)
    let last = shares.lastIndex { $0 > 0 }
    var from = start
    var sum = 0.0
    for (zone, end) in ends.map(\.end).enumerated() {
      sum += shares[zone]
      if end > from {
        let cut = zone == last ? PriorityLoads.whole : UInt64(sum * Double(PriorityLoads.whole))
        add(from, end, cut: cut, zone == 0 ? .local : .spill, isWhole: isWhole, &random)
      }
      from = end
    }
  }

  /// `isWhole`: all of the level are eligible, so that the draws that all workers share will do.
  private mutating func add(
    _ start: Int, _ end: Int, cut: UInt64, _ zone: Pick.Zone, isWhole: Bool,
    _ random: inout RandomSource
  ) {
    var group = PickGroup(start: start, count: end - start, cut: cut, zone: zone)
    let weight = weights[Int(members[start])]
    group.oldestJoin = .max
    for place in start..<end {
      let index = Int(members[place])
      group.isEven = group.isEven && weights[index] == weight
      group.oldestJoin = min(group.oldestJoin, joins[index])
      if slowStartNanoseconds > 0, joins[index] != .min {
        group.warmAt = max(group.warmAt, joins[index] &+ slowStartNanoseconds)
      }
    }
    if settings.policy == .roundRobin {
      group.cursor = Int(random.below(UInt32(group.count)))
      if !group.isEven {
        schedule.begin(members, start: start, count: group.count, random: &random)
      }
    } else if !group.isEven, !isWhole {
      draws.fill(members, start: start, count: group.count, weights: weights)
    }
    groups.append(group)
  }
}

extension Balancer {
  /// Bytes of its arrays, its part of a placement that others share included; for the record.
  package var byteCount: Int {
    let perEndpoint =
      MemoryLayout<EndpointLoad>.stride + MemoryLayout<BalancerEndpoint>.stride + 8 + 4 + 8 + 1 + 4
    return endpoints.count * perEndpoint + members.count * 4 + roster.entries.count * 4
      + roster.subsets.count * 2 + eligibleWords.count * 8 + schedule.byteCount + draws.byteCount
      + placement.byteCount
  }
}
