import Primitives

@testable import Resilience

/// One random history of an upstream, told to the machine and to the reference.
struct OutlierRun {
  private var random: RandomSource
  private var machine: OutlierDetectorMachine
  private var reference: OutlierReference
  private var now: Int64 = 0
  private let pace: UInt32
  /// Each slot's failures of 100 attempts, and what its service time is multiplied by.
  private var sickness = [UInt32](repeating: 0, count: 16)
  private var slowness = [Int64](repeating: 1, count: 16)
  /// Slots of those that have gone and whose last attempts may still end.
  private var left: [Int] = []
  private(set) var causes: [OutlierDetector.Cause: Int] = [:]
  private(set) var returns: [OutlierDetector.ReturnCause: Int] = [:]

  init(seed: UInt64) {
    random = RandomSource(seed: seed)
    let policy = Self.policy(&random)
    machine = OutlierDetectorMachine(policy, seed: seed, now: Instant(nanoseconds: 0))
    reference = OutlierReference(policy)
    pace = [1, 4, 20][Int(random.below(3))]
    for _ in 0..<1 + random.below(12) { join() }
  }

  private static func policy(_ random: inout RandomSource) -> OutlierPolicy {
    var policy = OutlierPolicy()
    func often(_ value: Int) -> Int? { random.below(4) == 0 ? nil : value }
    policy.consecutive5xx = often(2 + Int(random.below(5)))
    policy.consecutiveGatewayFailures = often(2 + Int(random.below(5)))
    policy.consecutiveLocalOriginFailures = often(2 + Int(random.below(5)))
    policy.interval = .milliseconds(200 + Int(random.below(800)))
    policy.baseEjection = .milliseconds(1 + Int(random.below(1_000)))
    policy.maxEjection = policy.baseEjection * (1 + Int(random.below(6)))
    policy.refusedEjection = .milliseconds(1 + Int(random.below(300)))
    policy.ejectionJitter = .milliseconds(Int(random.below(2) * 100))
    policy.maxEjected = .percent([0, 10, 30, 50, 100][Int(random.below(5))])
    policy.successRate?.minimumEndpoints = 3
    policy.successRate?.minimumCalls = 10
    policy.successRate?.deviations = 1 + Double(random.below(10)) / 10
    policy.successRate?.gapMin = .percent([0, 5, 20][Int(random.below(3))])
    policy.latency?.minimumCalls = 5
    if random.below(2) == 0 {
      policy.failurePercentage = OutlierPolicy.FailurePercentage()
      policy.failurePercentage?.threshold = .percent(10 + Int(random.below(80)))
      policy.failurePercentage?.minimumEndpoints = 1 + Int(random.below(5))
      policy.failurePercentage?.minimumCalls = 5
    }
    return policy
  }

  private mutating func chance(_ of: UInt32) -> Bool { random.below(of) == 0 }

  private mutating func anySlot() -> Int? {
    let slots = reference.slots
    return slots.isEmpty ? nil : slots[Int(random.below(UInt32(slots.count)))]
  }

  private mutating func join() {
    guard reference.count + left.count < 16 else { return }
    let slot = machine.join()
    reference.join(slot)
    sickness[slot] = 0
    slowness[slot] = 1
  }

  mutating func step() throws {
    now += Int64(random.below(pace * 1_000_000))
    if chance(100) { now += Int64(random.below(400)) * 1_000_000 }
    switch random.below(400) {
    case 0: join()
    case 1: try leave()
    case 2, 3: try mark()
    case 4: if let slot = anySlot() { sickness[slot] = [0, 5, 30, 90, 100][Int(random.below(5))] }
    case 5:
      if let slot = anySlot() { slowness[slot] = Int64([1, 1, 2, 5, 40][Int(random.below(5))]) }
    case 6: for _ in 0..<20 { try record(.connectRefused) }
    case 7: if let slot = left.popLast() { machine.release(slot) }
    case 8: try recordOfOneThatLeft()
    default: try record()
    }
    if machine.nextChange <= Instant(nanoseconds: now) || chance(50) { try advance() }
    try compare()
  }

  /// `given` nil: by how sick the endpoint is.
  private mutating func record(_ given: AttemptResult? = nil) throws {
    guard let slot = anySlot() else { return }
    let took = (5 + Int64(random.below(30))) * 1_000_000 * slowness[slot]
    var result = AttemptResult.success
    if random.below(100) < sickness[slot] {
      result = AttemptResult.allCases[1 + Int(random.below(3))]
    }
    if chance(400) { result = AttemptResult.allCases[4 + Int(random.below(3))] }
    if let given { result = given }
    let changes = machine.record(slot, result, nanoseconds: took, Instant(nanoseconds: now))
    let expected = reference.record(slot, result, took, now)
    var ejections: [OutlierDetector.Ejection] = []
    var recalled: [Int] = []
    for change in changes {
      switch change {
      case .ejected(let ejection): ejections.append(ejection)
      case .returned(let slot, let cause, _):
        recalled.append(slot)
        returns[cause, default: 0] += 1
        try Divergence.unless(cause == .lastResort, "\(change)")
      }
    }
    try Divergence.unless(recalled == expected.recalled, "\(recalled), not \(expected.recalled)")
    try agree(ejections, expected.ejected.map { [$0] } ?? [])
  }

  private mutating func recordOfOneThatLeft() throws {
    guard let slot = left.last else { return }
    let told = machine.record(slot, .connectRefused, nanoseconds: 1, Instant(nanoseconds: now))
    try Divergence.unless(told.isEmpty, "\(told) of one that has gone")
  }

  private mutating func agree(
    _ ejections: [OutlierDetector.Ejection], _ decisions: [OutlierReference.Decision]
  ) throws {
    let told = ejections.map {
      OutlierReference.Decision(slot: $0.slot, cause: $0.cause, count: $0.count)
    }
    try Divergence.unless(told == decisions, "\(told), not \(decisions)")
    for ejection in ejections {
      causes[ejection.cause, default: 0] += 1
      let policy = reference.policy
      let plain = OutlierReference.time(policy, ejection.count, ejection.cause)
      let time = ejection.until.duration(since: ejection.at)
      try Divergence.unless(
        time >= plain && time <= plain + policy.ejectionJitter && ejection.at.nanoseconds == now,
        "\(ejection), for \(plain)")
      reference.eject(ejection.slot, until: ejection.until.nanoseconds)
    }
  }

  private mutating func advance() throws {
    let changes = machine.advance(Instant(nanoseconds: now))
    let expected = reference.advance(now)
    var returned: [Int] = []
    var ejections: [OutlierDetector.Ejection] = []
    for change in changes {
      switch change {
      case .ejected(let ejection): ejections.append(ejection)
      case .returned(let slot, let cause, _):
        returned.append(slot)
        returns[cause, default: 0] += 1
        try Divergence.unless(cause == .timeServed, "\(change)")
      }
    }
    try Divergence.unless(returned == expected.returned, "\(returned), not \(expected.returned)")
    try agree(ejections, expected.ejected)
    try Divergence.unless(machine.nextChange.nanoseconds > now, "due at once, again")
  }

  private mutating func leave() throws {
    guard let slot = anySlot() else { return }
    let changes = machine.leave(slot, Instant(nanoseconds: now))
    reference.leave(slot)
    left.append(slot)
    var expected: [Int] = []
    let most = OutlierReference.mostEjected(
      reference.count, reference.policy.maxEjected)
    while reference.ejected.count > most {
      let soonest = reference.ejected.min {
        (reference.endpoints[$0]?.ejectedUntil ?? 0) < (reference.endpoints[$1]?.ejectedUntil ?? 0)
      }
      guard let soonest else { break }
      reference.bringBack(soonest, now)
      expected.append(soonest)
    }
    returns[.membership, default: 0] += changes.count
    try Divergence.unless(
      changes
        == expected.map {
          .returned(slot: $0, cause: .membership, at: Instant(nanoseconds: now))
        }, "\(changes), not \(expected)")
  }

  private mutating func mark() throws {
    guard let slot = anySlot() else { return }
    let isHealthy = chance(2)
    let change = machine.mark(slot, isHealthy: isHealthy, Instant(nanoseconds: now))
    reference.mark(slot, isHealthy: isHealthy)
    let returns = isHealthy && reference.endpoints[slot]?.ejectedUntil != nil
    try Divergence.unless((change != nil) == returns, "\(change as Any)")
    if returns {
      reference.bringBack(slot, now)
      self.returns[.healthCheck, default: 0] += 1
    }
  }

  private func compare() throws {
    let ejected = reference.ejected
    try Divergence.unless(
      machine.ejectedCount == ejected.count && ejected.allSatisfy(machine.isEjected),
      "\(machine.ejectedCount) ejected, not \(ejected)")
    let count = reference.count
    try Divergence.unless(
      machine.count == count && (count == 0 || ejected.count < count)
        && ejected.count
          <= OutlierReference.mostEjected(count, reference.policy.maxEjected),
      "\(ejected.count) of \(count) ejected")
  }
}
