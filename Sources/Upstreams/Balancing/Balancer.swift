import Primitives

/// Picks endpoints. One per worker and upstream, so that no two workers share a line of memory; a
/// value that is told everything: the endpoints, their health, what began and ended, the time.
///
///     adopt (endpoints, settings)  →  setAvailable (well, admitted)  →  pick → began → ended
///
/// A pick chooses a priority by its load (`PriorityLoads`), then a zone (`ZoneShares`), then an
/// endpoint by the policy. Eligible are the well ones that their own breakers admit; in panic, all
/// that the breakers admit. Once a request has tried all that are eligible, one that is ejected or
/// unhealthy is asked before any is asked again (`Balancer+Spare`). Health and breakers change rarely, so what they imply is worked out in
/// `setAvailable`, and picks never search for who is eligible.
///
/// Slow start needs no timer: an endpoint that is still warming up takes what falls to it only with
/// the share of its weight that it has by now (`Balancer+Warmup`), so its weight grows with each pick.
///
/// Cost: a pick O(1), weighted turns O(log n), no allocation. `setAvailable` and `adopt` O(n log n)
/// at most, with allocation. Memory per endpoint: 32 bytes of load, about 60 of lists and tables,
/// 24 more per subset that it is in, and its part of a shared `HashPlacement`.
package struct Balancer: Sendable {
  package private(set) var settings: BalancingSettings
  package internal(set) var endpoints: [BalancerEndpoint] = []
  var loads: [EndpointLoad] = []
  var keys: [UInt64] = []
  var weights: [UInt32] = []
  /// `Int64.min`: was there from the start.
  var joins: [Int64] = []
  var roster: Roster
  var placement = HashPlacement()
  var well: EndpointSet
  var admitted: EndpointSet
  /// Those that no health check has found ill.
  var healthy: EndpointSet

  // What `setAvailable` works out.
  var levels: [PickLevel] = []
  var groups: [PickGroup] = []
  var members: [UInt32] = []
  var schedule: DeadlineSchedule
  var draws: DrawTable
  /// Those of all endpoints of each level.
  var sharedDraws: DrawTable
  var isEven = true
  /// `BalancerTable.number` of what it goes by.
  var tableNumber: UInt64 = 0
  /// A bit an endpoint for each level, for the hashed policies: who is eligible.
  var eligibleWords: [UInt64] = []
  var wordsPerLevel = 0

  // The settings, as picks need them.
  private(set) var isBounded = false
  private(set) var decayRate = 0.0
  private(set) var seedNanoseconds = 0.0
  private(set) var failureNanoseconds = 0.0
  private(set) var slowStartNanoseconds: Int64 = 0

  /// All endpoints are available until `setAvailable` says otherwise. `placement`: made of the same
  /// settings and endpoints, when the policy is a hashed one; nil: it is made here.
  package init(
    settings: BalancingSettings, endpoints: [BalancerEndpoint], placement: HashPlacement? = nil,
    now: Instant, random: inout RandomSource
  ) {
    self.settings = settings
    roster = Roster([], ownZone: nil)
    well = EndpointSet(capacity: 0, isFull: true)
    admitted = well
    healthy = well
    schedule = DeadlineSchedule(weights: [], room: 0)
    draws = DrawTable(room: 0)
    sharedDraws = draws
    adopt(endpoints, settings: settings, placement: placement, now: now, random: &random)
  }

  mutating func use(_ settings: BalancingSettings) {
    self.settings = settings
    isBounded = settings.policy.isHashed && settings.boundedLoadPercent != nil
    decayRate = 1 / Double(max(settings.latencyDecay.nanosecondsClamped, 1))
    seedNanoseconds = Double(settings.latencySeed.nanosecondsClamped)
    failureNanoseconds = Double(settings.failureLatency.nanosecondsClamped)
    slowStartNanoseconds = settings.slowStart?.nanosecondsClamped ?? 0
  }

  package var count: Int { endpoints.count }

  /// A priority of all endpoints, or of a subset, has so few available ones that all are eligible.
  package var isPanicking: Bool { levels.contains { $0.isPanic && $0.eligible > 0 } }

  /// Requests in flight at an endpoint.
  package func active(_ index: Int) -> Int { Int(loads[index].active) }

  /// Its latency average, in nanoseconds, as `peak_ewma` sees it now.
  package func latencyNanoseconds(_ index: Int, now: Instant) -> Int64 {
    Int64(loads[index].latency(now: now.nanoseconds, rate: decayRate))
  }

  /// What an endpoint is told apart by in `TriedEndpoints`.
  @inline(__always)
  package func key(_ index: Int) -> UInt64 { keys[index] }

  /// An attempt at `index` has begun.
  package mutating func began(_ index: Int) {
    loads[index].active += 1
    if isBounded { count(index, 1) }
  }

  /// An attempt at `index` is over. `nanoseconds`: what it took, nil when that says nothing about
  /// the endpoint (the client left, it was refused here). False: none was in flight there, as with
  /// an endpoint that left and came back meanwhile.
  @discardableResult
  package mutating func ended(
    _ index: Int, nanoseconds: Int64?, isFailure: Bool, now: Instant
  ) -> Bool {
    guard loads[index].active > 0 else { return false }
    loads[index].active -= 1
    if isBounded { count(index, -1) }
    guard settings.policy == .peakEwma, let nanoseconds else { return true }
    let latency = Double(max(nanoseconds, 0))
    loads[index].observe(
      isFailure ? max(latency, failureNanoseconds) : latency, isPeakTaken: !isFailure,
      now: now.nanoseconds, rate: decayRate)
    return true
  }

  /// Keeps the sums of requests in flight by level, of eligible endpoints.
  private mutating func count(_ index: Int, _ change: Int) {
    let rank = Int(roster.ranks[index])
    if isEligible(index, level: rank) { levels[rank].active += change }
    let end = Int(roster.subsetEnds[index])
    for place in (index == 0 ? 0 : Int(roster.subsetEnds[index - 1]))..<end {
      let level = (Int(roster.subsets[place]) + 1) * roster.levelsPerView + rank
      if isEligible(index, level: level) { levels[level].active += change }
    }
  }

  @inline(__always)
  func isEligible(_ index: Int, level: Int) -> Bool {
    eligibleWords[level * wordsPerLevel + (index >> 6)] >> UInt64(index & 63) & 1 == 1
  }
}
