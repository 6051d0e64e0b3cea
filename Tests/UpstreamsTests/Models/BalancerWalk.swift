import Primitives
import Testing
import Upstreams

/// A balancer and its slow reference, driven side by side by random events from a seed.
struct BalancerWalk {
  private let seed: UInt64
  private var dice: RandomSource
  private var random: RandomSource
  private var now: Int64 = 0
  private var balancer: Balancer
  private var naive: NaiveBalancer
  private var nextName = 0
  private var levels: [Int: [NaiveBalancer.Level]] = [:]
  private(set) var faults: [String] = []
  private(set) var picks = 0

  init(seed: UInt64) {
    self.seed = seed
    dice = RandomSource(seed: seed)
    random = RandomSource(seed: ~seed)
    let policies = BalancingPolicy.allCases
    var settings = BalancingSettings(policy: policies[Int(seed) % policies.count])
    settings.ownZone = dice.below(2) == 0 ? 1 : nil
    settings.boundedLoadPercent = dice.below(2) == 0 ? 125 + Int(dice.below(100)) : nil
    settings.panicThreshold = dice.below(4) == 0 ? .zero : .percent(50)
    settings.maglevSlots = 251
    settings.ringPointsMin = 64
    balancer = Balancer(
      settings: settings, endpoints: [], now: Instant(nanoseconds: 0), random: &random)
    naive = NaiveBalancer(settings: settings)
    join(6)
  }

  mutating func run(events: Int) {
    var event = 0
    while event < events, faults.isEmpty {
      event += 1
      now += Int64(dice.below(20_000_000))
      switch dice.below(1000) {
      case 0..<3: join(1 + Int(dice.below(3)))
      case 3..<6: leave()
      case 6..<30: changeHealth()
      case 30..<330: end()
      default: pick()
      }
    }
    for index in faults.indices { faults[index] += " (seed \(seed), event \(event))" }
  }

  private mutating func join(_ count: Int) {
    guard naive.endpoints.count < 24 else { return }
    var list = naive.endpoints.map(\.given)
    for _ in 0..<count {
      let traits = EndpointTraits(
        weight: 1 + dice.below(3) * dice.below(50), zone: [nil, 1, 2, 3][Int(dice.below(4))],
        priority: [0, 0, 0, 2, 5][Int(dice.below(5))],
        subsets: (0..<2).filter { _ in dice.below(3) == 0 })
      nextName += 1
      list.insert(
        BalancerEndpoint("e\(nextName)", traits: traits),
        at: Int(dice.below(UInt32(list.count + 1))))
    }
    adopt(list)
  }

  private mutating func leave() {
    guard !naive.endpoints.isEmpty else { return }
    var list = naive.endpoints.map(\.given)
    list.remove(at: Int(dice.below(UInt32(list.count))))
    adopt(list)
  }

  private mutating func adopt(_ list: [BalancerEndpoint]) {
    balancer.adopt(list, now: Instant(nanoseconds: now), random: &random)
    naive.adopt(list, now: now)
    levels = [:]
  }

  private mutating func changeHealth() {
    let odds = dice.below(4)
    for index in naive.endpoints.indices where dice.below(4) == 0 {
      naive.endpoints[index].isWell = dice.below(4) >= odds
      naive.endpoints[index].isAdmitted = dice.below(8) >= odds
    }
    var well = EndpointSet(capacity: naive.endpoints.count, isFull: false)
    var admitted = well
    for (index, endpoint) in naive.endpoints.enumerated() {
      if endpoint.isWell { well.insert(index) }
      if endpoint.isAdmitted { admitted.insert(index) }
    }
    balancer.setAvailable(
      well: well, admitted: admitted, now: Instant(nanoseconds: now), random: &random)
    levels = [:]
  }

  private mutating func end() {
    let busy = naive.endpoints.indices.filter { naive.endpoints[$0].active > 0 }
    guard !busy.isEmpty else { return }
    let index = busy[Int(dice.below(UInt32(busy.count)))]
    let latency: Int64? = dice.below(5) == 0 ? nil : Int64(dice.below(200_000_000))
    let isFailure = dice.below(10) == 0
    naive.endpoints[index].active -= 1
    if let latency {
      naive.endpoints[index].history.append((now, Double(latency), isFailure))
    }
    balancer.ended(
      index, nanoseconds: latency, isFailure: isFailure, now: Instant(nanoseconds: now))
    check(balancer.active(index) == naive.endpoints[index].active, "requests in flight")
    if naive.settings.policy == .peakEwma {
      let expected = naive.latency(index, now: now)
      let found = Double(balancer.latencyNanoseconds(index, now: Instant(nanoseconds: now)))
      check(abs(found - expected) <= expected * 1e-3 + 2, "latency \(found), not \(expected)")
      if naive.endpoints[index].history.count > 40 { condense(index) }
    }
  }

  /// Long histories are slow to sum up; the reference starts again where both agree.
  private mutating func condense(_ index: Int) {
    naive.endpoints[index].history = []
    naive.endpoints[index].since = now
    let list = naive.endpoints.map(\.given).filter { $0.key != naive.endpoints[index].given.key }
    let back = naive.endpoints.map(\.given)
    adopt(list)
    adopt(back)
    changeHealth()
  }

  private mutating func pick() {
    picks += 1
    var request = PickRequest(
      hash: dice.below(8) == 0 ? nil : UInt64(dice.below(500)),
      subset: dice.below(3) == 0 ? Int(dice.below(3)) : nil)
    if dice.below(3) == 0, !naive.endpoints.isEmpty {
      for _ in 0..<dice.below(6) {
        request.tried.insert(balancer.key(Int(dice.below(UInt32(naive.endpoints.count)))))
      }
    }
    let view = request.subset ?? -1
    let known = levels[view] ?? naive.levels(request.subset)
    levels[view] = known
    let pick = balancer.pick(request, now: Instant(nanoseconds: now), random: &random)
    guard let pick else {
      return check(known.allSatisfy { $0.load < 1e-9 || $0.eligible.isEmpty }, "none was picked")
    }
    guard let level = known.first(where: { $0.priority == pick.priority }) else {
      return check(false, "priority \(pick.priority) has no endpoints")
    }
    if pick.reason == .lastResort { return checkLastResort(pick, request, known) }
    checkPlace(pick, request, level, known)
    if request.tried.isEmpty { checkLoad(pick, level) }
    if dice.below(2) == 0 {
      balancer.began(pick.index)
      naive.endpoints[pick.index].active += 1
    }
  }

  private mutating func checkLastResort(
    _ pick: Pick, _ request: PickRequest, _ known: [NaiveBalancer.Level]
  ) {
    let untried = known.flatMap(\.eligible).filter { !request.tried.contains(balancer.key($0)) }
    check(untried.isEmpty, "the last resort, though \(untried) were not tried")
    check(!request.tried.contains(balancer.key(pick.index)), "a last resort that was tried")
    check(naive.spares(request.subset).contains(pick.index), "\(pick) is no last resort")
  }

  private mutating func checkPlace(
    _ pick: Pick, _ request: PickRequest, _ level: NaiveBalancer.Level,
    _ known: [NaiveBalancer.Level]
  ) {
    check(level.eligible.contains(pick.index), "\(pick) is not eligible")
    check(level.isPanic == pick.isPanic, "panic \(pick.isPanic)")
    let zone = naive.endpoints[pick.index].given.traits.zone
    let isZoned = level.isZoned && !level.isPanic
    let expected: Pick.Zone = !isZoned ? .any : zone == naive.settings.ownZone ? .local : .spill
    check(pick.zone == expected, "zone \(pick.zone), not \(expected)")
    let isTried = request.tried.contains(balancer.key(pick.index))
    if isTried {
      let others = known.flatMap(\.eligible).filter { !request.tried.contains(balancer.key($0)) }
      check(others.isEmpty, "a tried one, though \(others) were not")
      let spares = naive.spares(request.subset).filter {
        !request.tried.contains(balancer.key($0))
      }
      check(spares.isEmpty, "a tried one, though \(spares) are left")
    } else if !pick.isElsewhere {
      check(level.load > 1e-9, "a priority without load")
    }
  }

  private mutating func checkLoad(_ pick: Pick, _ level: NaiveBalancer.Level) {
    let group = level.eligible.filter {
      pick.zone == .any
        || naive.endpoints[$0].given.traits.zone == naive.endpoints[pick.index].given.traits.zone
    }
    let others = group.filter { $0 != pick.index }
    check((pick.reason == .onlyOne) == (group.count == 1), "the only one of \(group.count)")
    if naive.settings.policy.isHashed, naive.settings.boundedLoadPercent != nil {
      let active = naive.endpoints[pick.index].active + 1
      let bound = naive.bound(pick.index, among: level.eligible)
      check(active <= bound, "\(active) in flight, \(bound) allowed")
    }
    guard !others.isEmpty else { return }
    if naive.settings.policy == .peakEwma {
      let worst = others.map { naive.cost($0, now: now) }.max() ?? 0
      check(naive.cost(pick.index, now: now) <= worst * 1.001, "the slowest of all")
    }
    if naive.settings.policy == .leastRequest,
      Set(group.map { naive.endpoints[$0].given.traits.weight }).count == 1
    {
      let worst = others.map { naive.endpoints[$0].active }.max() ?? 0
      check(naive.endpoints[pick.index].active <= worst, "the busiest of all")
    }
  }

  private mutating func check(_ isTrue: Bool, _ what: @autoclosure () -> String) {
    if !isTrue, faults.count < 3 { faults.append(what()) }
  }
}
