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
    precondition(planned.count <= DeadlineSchedule.indexMax, "an index has 20 bits")
    if let changed { use(changed) }
    let places = Dictionary(zip(keys, keys.indices)) { first, _ in first }
    let old = (loads: loads, well: well, admitted: admitted, healthy: healthy)
    well = EndpointSet(capacity: planned.count, isFull: true)
    admitted = well
    healthy = well
    let mean =
      Double(planned.reduce(0) { $0 + UInt64($1.traits.weight) })
      / Double(max(planned.count, 1))
    var taken = EndpointSet(capacity: keys.count, isFull: false)
    loads = planned.enumerated().map { index, endpoint in
      let weight = endpoint.traits.weight
      var load = EndpointLoad(average: seedNanoseconds, stamp: now.nanoseconds, weight: weight)
      if let place = places[endpoint.key], !taken.contains(place) {
        taken.insert(place)
        load = old.loads[place]
        load.weight = weight
        if !old.well.contains(place) { well.remove(index) }
        if !old.admitted.contains(place) { admitted.remove(index) }
        if !old.healthy.contains(place) { healthy.remove(index) }
      }
      load.burden = Float(mean / Double(weight))
      return load
    }
    endpoints = planned
    keys = planned.map(\.key)
    weights = planned.map(\.traits.weight)
    joins = planned.map { $0.traits.joinedAt?.nanoseconds ?? .min }
    let isHashed = settings.policy.isHashed
    placement = isHashed ? given ?? HashPlacement(settings, planned) : HashPlacement()
    roster = Roster(planned, ownZone: settings.policy.isHashed ? nil : settings.ownZone)
    makeRoom()
    derive(now, &random)
  }

  private mutating func makeRoom() {
    let room = roster.entries.count
    members = [UInt32](repeating: 0, count: room)
    let isTurns = settings.policy == .roundRobin
    let isEven = !weights.contains { $0 != weights[0] }
    schedule = DeadlineSchedule(
      weights: isTurns ? weights : [], room: isTurns && !isEven ? room : 0)
    draws = DrawTable(room: isTurns || isEven || settings.policy.isHashed ? 0 : room)
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
    levels[number].eligible = place - level.start
    addSpares(number, place, eligible)
    guard place > level.start else { return }
    if settings.policy.isHashed {
      addEligible(number, level.start, place)
    } else if isZoned(level, levels[number].isPanic, ownCount: ends[0].end - level.start) {
      addZones(level.start, ends, &random)
    } else {
      add(level.start, place, cut: PriorityLoads.whole, .any, &random)
    }
    levels[number].groupCount = groups.count - levels[number].groupStart
  }

  /// Behind the eligible endpoints of a level: the others that their breakers admit, the ejected
  /// ones first, then the unhealthy ones.
  private mutating func addSpares(_ number: Int, _ start: Int, _ eligible: EndpointSet) {
    let level = roster.levels[number]
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

  private func isZoned(_ level: Roster.Level, _ isPanic: Bool, ownCount: Int) -> Bool {
    !isPanic && level.isOwnFirst && level.segmentCount > 1 && ownCount > 0
      && level.count >= settings.zoneEndpointsMin
  }

  private mutating func addZones(
    _ start: Int, _ ends: [(end: Int, weight: UInt64)], _ random: inout RandomSource
  ) {
    let shares = ZoneShares.of(ends.map(\.weight), callersOwn: settings.ownZoneCallers)
    let last = shares.lastIndex { $0 > 0 }
    var from = start
    var sum = 0.0
    for (zone, end) in ends.map(\.end).enumerated() {
      sum += shares[zone]
      if end > from {
        let cut = zone == last ? PriorityLoads.whole : UInt64(sum * Double(PriorityLoads.whole))
        add(from, end, cut: cut, zone == 0 ? .local : .spill, &random)
      }
      from = end
    }
  }

  private mutating func add(
    _ start: Int, _ end: Int, cut: UInt64, _ zone: Pick.Zone, _ random: inout RandomSource
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
    } else if !group.isEven {
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
