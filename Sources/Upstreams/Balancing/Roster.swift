/// Who could be picked in which view, priority and zone, whatever their health: fixed from one list
/// of endpoints to the next.
///
/// View 0 is all endpoints, view n + 1 the subset n. Each view has each priority, as a level;
/// a level's endpoints stand together, zone by zone, ours first.
struct Roster: Sendable {
  /// A zone of a level: places of `entries`.
  struct Segment: Sendable {
    var start: Int
    var count: Int
  }

  struct Level: Sendable {
    var priority: UInt8
    var start: Int
    var count: Int
    var segmentStart: Int
    var segmentCount: Int
    /// The first segment is our zone.
    var isOwnFirst: Bool

    /// Endpoints of our zone are asked before others; `ownCount`: those that are eligible.
    func isZoned(_ settings: BalancingSettings, ownCount: Int) -> Bool {
      isOwnFirst && segmentCount > 1 && ownCount > 0 && count >= settings.zoneEndpointsMin
    }
  }

  private(set) var entries: [UInt32] = []
  private(set) var segments: [Segment] = []
  /// View by view, each with all priorities, ascending.
  private(set) var levels: [Level] = []
  private(set) var levelsPerView = 0
  /// The place of each endpoint's priority among all.
  private(set) var ranks: [UInt8] = []
  /// The subsets of endpoint n: `subsets[subsetEnds[n - 1] ..< subsetEnds[n]]`.
  private(set) var subsets: [UInt16] = []
  private(set) var subsetEnds: [UInt32] = []

  /// `ownZone`: nil when zones do not matter.
  init(_ endpoints: [BalancerEndpoint], ownZone: UInt8?) {
    let priorities = Set(endpoints.map(\.traits.priority)).sorted()
    levelsPerView = priorities.count
    let rankOf = priorities.enumerated().reduce(into: [UInt8](repeating: 0, count: 16)) {
      $0[Int($1.element)] = UInt8($1.offset)
    }
    ranks = endpoints.map { rankOf[Int($0.traits.priority)] }
    for endpoint in endpoints {
      subsets.append(contentsOf: endpoint.traits.subsets)
      subsetEnds.append(UInt32(subsets.count))
    }
    var views = [[Int]](repeating: [], count: 1 + (subsets.max().map { Int($0) + 1 } ?? 0))
    views[0] = Array(endpoints.indices)
    for index in endpoints.indices {
      for subset in endpoints[index].traits.subsets { views[Int(subset) + 1].append(index) }
    }
    for view in views { add(view, endpoints, priorities, ownZone) }
  }

  private mutating func add(
    _ view: [Int], _ endpoints: [BalancerEndpoint], _ priorities: [UInt8], _ ownZone: UInt8?
  ) {
    // Priority, zone and index in one number, so that sorting is of plain integers.
    let sorted = view.map { index in
      let traits = endpoints[index].traits
      return UInt64(traits.priority) << 48 | Self.zoneOrder(traits.zone, ownZone) << 32
        | UInt64(index)
    }.sorted()
    var place = 0
    for priority in priorities {
      let start = entries.count
      let segmentStart = segments.count
      var zone: UInt64 = .max
      var isOwnFirst = false
      while place < sorted.count, sorted[place] >> 48 == UInt64(priority) {
        let next = sorted[place] >> 32 & 0xFFFF
        if next != zone {
          segments.append(Segment(start: entries.count, count: 0))
          isOwnFirst = isOwnFirst || next == 0
          zone = next
        }
        segments[segments.count - 1].count += 1
        entries.append(UInt32(sorted[place] & 0xFFFF_FFFF))
        place += 1
      }
      levels.append(
        Level(
          priority: priority, start: start, count: entries.count - start,
          segmentStart: segmentStart, segmentCount: segments.count - segmentStart,
          isOwnFirst: isOwnFirst))
    }
  }

  /// Ours is 0, then the others by number; those of no zone count as one of their own.
  private static func zoneOrder(_ zone: UInt8?, _ ownZone: UInt8?) -> UInt64 {
    guard let ownZone else { return 1 }
    if zone == ownZone { return 0 }
    return zone.map { UInt64($0) + 1 } ?? 257
  }
}
