import DataPath
import Primitives
import Resilience
import Testing
import Upstreams
import WeirTesting

/// Calls that hang: who hears of them, whoever ends them and whether they end.
struct HangingCallTests {
  private static let threeScopes = [CircuitBreaker.State](repeating: .open, count: 3)

  private func policy(slow: Duration? = .milliseconds(300)) -> CircuitBreakerPolicy {
    var policy = CircuitBreakerPolicy()
    policy.slowCall = slow
    policy.slowCallRate = .percent(50)
    policy.minimumCalls = 10
    policy.consecutiveFailures = nil
    return policy
  }

  /// Opens by one failure, and a second later lets one probe through.
  private func probing(slow: Duration? = .milliseconds(300)) -> CircuitBreakerPolicy {
    var policy = policy(slow: slow)
    policy.consecutiveFailures = 1
    policy.openFor = .seconds(1)
    policy.openJitter = .zero
    policy.halfOpenCalls = 1
    return policy
  }

  /// The first request opens the breaker, the second is a probe that hangs, all others are answered.
  private static func hangingProbe(_ endpoint: Int, _ request: Int) -> CheckedEndpoint.Conduct? {
    [.resets, .hangs][safe: request] ?? .answers(VerdictMesh.good)
  }

  private func hanging(connects: Bool) -> (Int, Int) -> CheckedEndpoint.Conduct? {
    { _, _ in connects ? .hangs : nil }
  }

  /// The breakers hear when `slow_call` is over, while every client still waits.
  @Test(arguments: [true, false], [nil, Duration.seconds(1)])
  func openEveryBreakerWhileTheyHang(connects: Bool, patience: Duration?) throws {
    let service = try VerdictMesh(policy(), endpoints: 1)
    service.conduct = hanging(connects: connects)
    for number in 0..<10 {
      service.ask(after: .milliseconds(10 * number), patience: patience)
    }
    var states: [CircuitBreaker.State] = []
    service.network.after(.milliseconds(600)) { states = service.states }
    service.run(.seconds(20))
    #expect(states == Self.threeScopes)
    #expect(service.mesh.held.isEmpty, "\(service.mesh.held)")
  }

  /// A body that the endpoint does not take is its silence, not the client's.
  @Test func countUploadsThatAreNotTaken() throws {
    let service = try VerdictMesh(policy(), endpoints: 1)
    service.conduct = { _, _ in .neverReads }
    let body = String(repeating: "x", count: 4_000_000)
    for number in 0..<10 {
      service.ask(
        after: .milliseconds(10 * number),
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body,
        patience: .seconds(2))
    }
    service.run()
    #expect(service.states == Self.threeScopes)
  }

  /// A client that sends slowly is nobody's slow call.
  @Test func doNotCountClientsThatSendSlowly() throws {
    let service = try VerdictMesh(policy(), endpoints: 1)
    service.conduct = { _, _ in .hangs }
    for number in 0..<20 {
      service.ask(
        after: .milliseconds(10 * number),
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nfive!", patience: .seconds(2))
    }
    service.run()
    #expect(service.figures().map(\.calls) == [0, 0, 0])
  }

  /// Nobody said what is slow, or they left before it was: a call without an end says nothing.
  @Test(arguments: [nil, Duration.seconds(2)])
  func countForNothingWhereTheyAreNotSlow(slow: Duration?) throws {
    let service = try VerdictMesh(policy(slow: slow), endpoints: 1)
    for number in 0..<40 { service.ask(after: .milliseconds(10 * number), patience: .seconds(1)) }
    service.run()
    #expect(service.figures().map(\.calls) == [0, 0, 0])
    #expect(service.states == [.closed, .closed, .closed])
    #expect(service.mesh.held.isEmpty, "\(service.mesh.held)")
  }

  /// Where its endpoint hangs the detector has no answers to compare, but how long clients waited.
  @Test func ejectTheEndpointThatHangs() throws {
    var outliers = OutlierPolicy()
    outliers.latency = OutlierPolicy.Latency()
    let service = try VerdictMesh(policy(slow: nil), endpoints: 3, outliers: outliers)
    service.conduct = { endpoint, _ in endpoint == 1 ? .hangs : .answers(VerdictMesh.good) }
    for number in 0..<150 { service.ask(after: .milliseconds(50 * number), patience: .seconds(1)) }
    // The interval is over by the time somebody is picked again.
    for number in 0..<3 { service.ask(after: .seconds(12 + number), patience: .seconds(1)) }
    service.run()
    #expect(service.state.endpoints.map(\.isEjected) == [false, true, false])
  }

  /// The limit goes by what the service gets done: calls that hang are nothing of it, and hold no
  /// place once their clients have left.
  @Test func raiseNoAdaptiveLimit() throws {
    let limiter = ConcurrencyLimiter()
    let service = try VerdictMesh(policy(slow: nil), endpoints: 1, limiter: limiter)
    for number in 0..<100 {
      service.ask(after: .milliseconds(200 * number), patience: .milliseconds(400))
    }
    service.run()
    #expect(limiter.limit <= ConcurrencyPolicy().initial, "\(limiter.limit)")
    #expect(limiter.inFlight == 0)
  }

  /// Places that calls hold until their clients leave yield nothing: of such a limit, while it is full,
  /// half is too much.
  @Test func lowerAnAdaptiveLimitThatTheyFill() throws {
    let limiter = ConcurrencyLimiter()
    let service = try VerdictMesh(policy(slow: nil), endpoints: 1, limiter: limiter)
    service.conduct = hanging(connects: true)
    let most = ConcurrencyPolicy().initial
    for number in 0..<most * 10 {
      service.ask(after: .milliseconds(500 * number / most), patience: .seconds(1))
    }
    service.run(.seconds(10))
    #expect(limiter.limit < most, "\(limiter.limit)")
    #expect(limiter.inFlight == 0)
  }

  /// Its place is for the next one at once.
  @Test func giveAProbesPlaceBackWhenTheirClientLeaves() throws {
    let service = try VerdictMesh(probing(slow: nil), endpoints: 1)
    service.conduct = Self.hangingProbe
    service.ask()
    service.ask(after: .seconds(2), patience: .milliseconds(100))
    let refused = service.ask(after: .milliseconds(2050))
    let next = service.ask(after: .milliseconds(2150))
    service.run()
    #expect(refused.status == 503 && next.status == 200)
    #expect(service.states == [.recovering, .recovering, .recovering])
  }

  /// A slow upload must not hold the only probe for as long as it takes: after the time that a request
  /// may wait for a connection its place is another's, and how it ends counts nowhere.
  @Test func giveAProbesPlaceBackWhoseClientSendsSlowly() throws {
    let service = try VerdictMesh(probing(slow: nil), endpoints: 1)
    service.conduct = Self.hangingProbe
    let pending = Duration.seconds(3)
    service.ask()
    service.ask(
      after: .seconds(2), "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nfive!",
      patience: pending + .seconds(3))
    let refused = service.ask(after: .seconds(2) + pending - .milliseconds(50))
    let next = service.ask(after: .seconds(2) + pending + .milliseconds(50))
    service.run(.seconds(60))
    #expect(refused.status == 503 && next.status == 200)
  }

  /// A probe that hangs reopens when it is slow, not when its client's time is up.
  @Test func areSlowProbes() throws {
    let service = try VerdictMesh(probing(), endpoints: 1)
    service.conduct = { _, request in request == 0 ? .resets : .hangs }
    service.ask()
    service.ask(after: .seconds(2))
    var states: [CircuitBreaker.State] = []
    service.network.after(.milliseconds(2400)) { states = service.states }
    service.run(.seconds(20))
    #expect(states == Self.threeScopes)
  }

  /// A hedge is an attempt of its own: the breaker of its endpoint hears when it has become slow,
  /// while the client still waits, and hears of it once.
  @Test func countHedgesThatHang() throws {
    let hedge = HedgePolicy(samplesMin: 40, budget: .all, budgetMinimum: 10)
    let service = try VerdictMesh(policy(), hedge: hedge)
    service.conduct = { _, request in request < 40 ? .answers(VerdictMesh.good) : .hangs }
    for number in 0..<40 { service.ask(after: .milliseconds(100 * number)) }
    service.ask(after: .seconds(5), patience: .seconds(1))
    let slow = {
      service.state.endpoints.map { $0.breaker?.figures(now: service.network.time).slow }
    }
    var meanwhile: [Int?] = []
    service.network.after(.milliseconds(5600)) { meanwhile = slow() }
    service.run()
    #expect(service.asked == 42)
    #expect(meanwhile == [1, 1] && slow() == [1, 1], "\(meanwhile) \(slow())")
    #expect(service.mesh.held.isEmpty, "\(service.mesh.held)")
  }

  /// A hedge for which there is no endpoint leaves its place to another request's at once.
  @Test func keepNoPlaceForAHedgeThatDidNotBegin() throws {
    let hedge = HedgePolicy(samplesMin: 20, budget: .zero, budgetMinimum: 1)
    let service = try VerdictMesh(policy(), endpoints: 1, hedge: hedge)
    service.conduct = { _, request in request < 20 ? .answers(VerdictMesh.good) : .hangs }
    for number in 0..<20 { service.ask(after: .milliseconds(100 * number)) }
    service.ask(after: .seconds(3), patience: .seconds(5))
    var places = -1
    service.network.after(.seconds(4)) {
      places = service.mesh.plan.policy?.hedgeBudget?.inFlight.retries ?? -1
    }
    service.run()
    #expect(service.metric("weir_hedges_total{upstream=\"service\",result=\"refused\"}") == 1)
    #expect(places == 0)
  }
}

extension Array {
  subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
