import DataPath
import Primitives
import Resilience
import Upstreams
import WeirTesting

extension DrawnPolicies {
  /// Upstream `number` has its endpoints at ports from 9001 + 100 × number on.
  static func upstream(
    _ number: Int, _ random: inout RandomSource, isCalm: Bool
  ) -> UpstreamPlan {
    let count = 1 + Int(random.below(6))
    let addresses = (0..<count).map {
      SocketAddress.ip(.loopback4, port: UInt16(9001 + 100 * number + $0))
    }
    let detector = random.chance(1, in: 2) ? self.detector(&random) : nil
    let hasBreakers = random.chance(1, in: 2)
    let states = addresses.map {
      EndpointState(
        identity: "\($0)", breaker: hasBreakers ? breaker(&random, isCalm: isCalm) : nil,
        membership: detector.map { OutlierMembership(in: $0) })
    }
    let state = UpstreamState(
      name: "service\(number)", limits: limits(&random, isCalm: isCalm),
      budget: RetryBudget(ratio: .percent(Int(random.below(60))), minimum: Int(random.below(5))),
      breaker: random.chance(1, in: 2) ? breaker(&random, isCalm: isCalm) : nil,
      limiter: !isCalm && random.chance(1, in: 2) ? limiter(&random) : nil, detector: detector,
      endpoints: states)
    if let detector { state.availability.look(at: detector.nextChange) }
    let plan = UpstreamPlan(
      name: state.name,
      endpoints: addresses.map { .init(address: $0, traits: traits(&random)) }, state: state)
    balance(plan, &random)
    if !isCalm, random.chance(1, in: 2) {
      plan.queuePolicy = QueuePolicy(
        target: .milliseconds(Int(random.below(20))), interval: .milliseconds(50))
    }
    plan.pool = PoolPolicy(
      idle: .milliseconds(100 + Int(random.below(4000))),
      ageMax: random.chance(1, in: 3) ? .seconds(1) : nil, idleMax: Int(random.below(10)))
    plan.connectNanoseconds = 300_000_000
    plan.pendingNanoseconds = isCalm ? 60_000_000_000 : 100_000_000 + Int64(random.below(1 << 31))
    plan.streamIdleNanoseconds = isCalm ? 60_000_000_000 : 4_000_000_000
    return plan
  }

  private static func limits(_ random: inout RandomSource, isCalm: Bool) -> ResourceLimits {
    let connections = [1, 2, 8, 64][Int(random.below(4))]
    let pending = [0, 1, 4, 64][Int(random.below(4))]
    let requests = [1, 3, 10, 1024][Int(random.below(4))]
    return ResourceLimits(
      connectionsMax: connections, pendingMax: isCalm ? 64 : pending,
      requestsMax: isCalm ? 64 : requests)
  }

  private static func limiter(_ random: inout RandomSource) -> ConcurrencyLimiter {
    let minimum = 1 + Int(random.below(5))
    return ConcurrencyLimiter(
      policy: ConcurrencyPolicy(
        minimum: minimum, maximum: minimum + Int(random.below(20)),
        initial: minimum + Int(random.below(10)), samplesMin: 1 + Int(random.below(5))))
  }

  private static func traits(_ random: inout RandomSource) -> EndpointTraits {
    EndpointTraits(
      weight: random.chance(1, in: 3) ? 1 + random.below(10) : 1,
      zone: random.chance(1, in: 2) ? UInt8(random.below(3)) : nil,
      priority: UInt8(random.chance(1, in: 4) ? random.below(3) : 0))
  }

  private static func balance(_ plan: UpstreamPlan, _ random: inout RandomSource) {
    let policies = BalancingPolicy.allCases
    plan.balancing = BalancingSettings(
      policy: policies[Int(random.below(UInt32(policies.count)))],
      slowStart: random.chance(1, in: 3) ? .seconds(2) : nil,
      panicThreshold: .percent(Int(random.below(101))),
      ownZone: random.chance(1, in: 2) ? UInt8(random.below(3)) : nil,
      zoneEndpointsMin: 1 + Int(random.below(6)),
      boundedLoadPercent: random.chance(1, in: 2) ? 125 : nil, maglevSlots: 251)
    guard plan.balancing.policy.isHashed else { return }
    plan.placement = HashPlacement(plan.balancing, plan.endpoints.map(\.balanced))
    let keys: [RequestKey?] = [nil, .source, .path, .header(FieldKey("x-id"))]
    plan.hashKey = keys[Int(random.below(4))]
  }

  static func breaker(_ random: inout RandomSource, isCalm: Bool) -> CircuitBreaker {
    var policy = CircuitBreakerPolicy()
    policy.failureRate = random.chance(3, in: 4) ? .percent(20 + Int(random.below(70))) : nil
    policy.slowCall = !isCalm && random.chance(1, in: 4) ? .milliseconds(500) : nil
    policy.window = random.chance(1, in: 2) ? .time(.seconds(2)) : .calls(10)
    policy.minimumCalls = 1 + Int(random.below(10))
    policy.consecutiveFailures = random.chance(1, in: 2) ? 1 + Int(random.below(5)) : nil
    policy.openFor = .milliseconds(100 + Int(random.below(2000)))
    policy.openForMax = .seconds(3)
    policy.halfOpenCalls = 1 + Int(random.below(4))
    policy.recovery = .milliseconds(random.chance(1, in: 2) ? 0 : Int(random.below(3000)))
    if random.chance(1, in: 10) { policy.mode = .shadow }
    return CircuitBreaker(policy, seed: random.next())
  }

  private static func detector(_ random: inout RandomSource) -> OutlierDetector {
    var policy = OutlierPolicy()
    policy.interval = .milliseconds(200 + Int(random.below(2000)))
    policy.consecutive5xx = random.chance(1, in: 2) ? 1 + Int(random.below(5)) : nil
    policy.consecutiveGatewayFailures = random.chance(1, in: 2) ? 1 + Int(random.below(5)) : nil
    policy.consecutiveLocalOriginFailures = random.chance(1, in: 2) ? 1 + Int(random.below(5)) : nil
    policy.baseEjection = .milliseconds(200 + Int(random.below(2000)))
    policy.maxEjection = .seconds(4)
    policy.ejectionJitter = .milliseconds(Int(random.below(500)))
    policy.maxEjected = .percent(Int(random.below(101)))
    policy.successRate?.minimumCalls = 5
    policy.successRate?.minimumEndpoints = 2
    policy.latency?.minimumCalls = 5
    return OutlierDetector(policy, seed: random.next(), now: SimulatedNetwork.start)
  }
}
