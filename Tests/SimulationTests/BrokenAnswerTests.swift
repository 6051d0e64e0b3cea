import Primitives
import Resilience
import Testing
import Upstreams
import WeirTesting

/// Answers whose head is good and whose body is not: one attempt has one result.
struct BrokenAnswerTests {
  private static let head = "HTTP/1.1 200 X\r\nConnection: close\r\n"
  private static let malformed = head + "Transfer-Encoding: chunked\r\n\r\nZZZ"
  private static let cut = head + "Content-Length: 100\r\n\r\nabc"

  private static let conducts: [CheckedEndpoint.Conduct] = [
    .answers(malformed),
    .drips(malformed, bytes: malformed.utf8.count - 3, pause: .milliseconds(50)),
    .breaksOff(cut, after: .zero, isReset: false),
    .breaksOff(cut, after: .milliseconds(300), isReset: false),
    .breaksOff(cut, after: .milliseconds(300), isReset: true),
    // It stalls in the middle.
    .answers(cut),
  ]

  private func policy() -> CircuitBreakerPolicy {
    var policy = CircuitBreakerPolicy()
    policy.failureRate = .percent(100)
    policy.minimumCalls = 6
    policy.openFor = .seconds(60)
    policy.consecutiveFailures = nil
    return policy
  }

  /// Six are asked, each in its own time, and the seventh is refused; no success is counted beside.
  @Test(arguments: conducts.indices)
  func openEveryBreaker(number: Int) throws {
    let service = try VerdictMesh(policy(), endpoints: 1, streamIdle: .seconds(2))
    service.conduct = { _, _ in Self.conducts[number] }
    let clients = (0..<7).map { service.ask(after: .seconds($0 == 6 ? 12 : $0)) }
    service.run(.seconds(3))
    #expect(service.asked == 6)
    // Who has nothing of the answer is told; who has some of it is cut off.
    #expect(clients[..<6].allSatisfy { $0.status == 502 || $0.status == 504 || $0.wasReset })
    #expect(clients[6].status == 503)
  }

  @Test(arguments: conducts.indices)
  func ejectTheirEndpoint(number: Int) throws {
    var outliers = OutlierPolicy()
    outliers.successRate = nil
    var policy = policy()
    policy.minimumCalls = 1000
    let service = try VerdictMesh(
      policy, endpoints: 2, outliers: outliers, streamIdle: .seconds(2))
    service.conduct = { endpoint, _ in
      endpoint == 0 ? Self.conducts[number] : .answers(VerdictMesh.good)
    }
    for number in 0..<14 { service.ask(after: .milliseconds(500 * number)) }
    service.run(.seconds(3))
    #expect(service.state.endpoints.map(\.isEjected) == [true, false])
  }

  /// The window holds as many calls as there were, and each once.
  @Test func areCountedOnce() throws {
    var policy = policy()
    policy.minimumCalls = 1000
    let service = try VerdictMesh(policy, endpoints: 1)
    service.conduct = { _, request in
      request % 2 == 0
        ? .breaksOff(Self.cut, after: .milliseconds(20), isReset: true)
        : .drips(VerdictMesh.good, bytes: VerdictMesh.good.utf8.count - 2, pause: .milliseconds(20))
    }
    for number in 0..<20 { service.ask(after: .milliseconds(100 * number)) }
    service.run()
    #expect(service.figures().map(\.calls) == [20, 20, 20])
    #expect(service.figures().map(\.failures) == [10, 10, 10])
  }

  /// A client that leaves in the middle, or takes nothing, is not its endpoint's failure.
  @Test(arguments: [true, false]) func areNotTheClientsDoing(takes: Bool) throws {
    let service = try VerdictMesh(policy(), endpoints: 1, totalTimeout: .seconds(20))
    let body = String(repeating: "y", count: 8_000_000)
    service.conduct = { _, _ in
      .drips(
        Self.head + "Content-Length: \(body.utf8.count)\r\n\r\n" + body, bytes: 2_000_000,
        pause: .milliseconds(500))
    }
    for number in 0..<6 {
      service.ask(
        after: .milliseconds(10 * number), patience: takes ? .milliseconds(700) : nil,
        takesAnswers: takes)
    }
    service.run(.seconds(30))
    #expect(service.figures().map(\.failures) == [0, 0, 0])
    #expect(service.figures().map(\.state) == [.closed, .closed, .closed])
  }

  /// A download of a minute and a half holds no probe.
  @Test func holdNoProbeWhileTheyAreGood() throws {
    var policy = policy()
    policy.consecutiveFailures = 1
    policy.openFor = .seconds(1)
    policy.openJitter = .zero
    policy.halfOpenCalls = 1
    let service = try VerdictMesh(policy, endpoints: 1)
    let long = Self.head + "Content-Length: 5400\r\n\r\n" + String(repeating: "z", count: 5400)
    service.conduct = { _, request in
      switch request {
      case 0: .resets
      case 1: .drips(long, bytes: 60, pause: .seconds(1))
      default: .answers(VerdictMesh.good)
      }
    }
    service.ask()
    let download = service.ask(after: .seconds(2))
    let next = service.ask(after: .seconds(4))
    service.run()
    #expect(next.status == 200 && download.answer.hasSuffix("zz"))
    #expect(service.states == [.recovering, .recovering, .recovering])
  }

  /// Event streams count in the adaptive limit until their head is there.
  @Test func leaveTheAdaptiveLimitAtTheirHead() throws {
    let limiter = ConcurrencyLimiter(policy: ConcurrencyPolicy(minimum: 3, maximum: 3))
    let service = try VerdictMesh(policy(), endpoints: 1, limiter: limiter)
    let stream = Self.head + "Content-Type: text/event-stream\r\n\r\ndata: 1\n\n"
    service.conduct = { _, request in
      request < 20 ? .answers(stream) : .answers(VerdictMesh.good)
    }
    for number in 0..<20 { service.ask(after: .milliseconds(20 * number), patience: .seconds(60)) }
    let other = service.ask(after: .seconds(1))
    service.run()
    #expect(other.status == 200)
    #expect(limiter.inFlight == 0)
  }

  /// A tunnel is judged at its 101: while it stands it counts in no limit, and its end says nothing.
  @Test(arguments: [nil, Duration.seconds(30)])
  func tunnelsAreJudgedWhenTheyBegin(patience: Duration?) throws {
    let limiter = ConcurrencyLimiter(policy: ConcurrencyPolicy(minimum: 3, maximum: 3))
    let service = try VerdictMesh(policy(), endpoints: 1, limiter: limiter)
    let upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
    service.conduct = { _, _ in
      .breaksOff(
        "HTTP/1.1 101 Switching Protocols\r\n" + upgrade, after: .seconds(40), isReset: true)
    }
    let clients = (0..<12).map { number in
      service.ask(
        after: .milliseconds(100 * number), "GET / HTTP/1.1\r\nHost: a\r\n" + upgrade,
        patience: patience)
    }
    var figures: [CircuitBreaker.Figures] = []
    service.network.after(.seconds(5)) { figures = service.figures() }
    service.run()
    #expect(clients.allSatisfy { $0.status == 101 } && limiter.inFlight == 0)
    #expect(figures.map(\.calls) == [12, 12, 12] && figures.map(\.failures) == [0, 0, 0])
    #expect(service.states == [.closed, .closed, .closed])
  }

  private func retrying(_ conducts: CheckedEndpoint.Conduct...) throws -> VerdictMesh {
    let service = try VerdictMesh(
      policy(),
      retry: RetryPolicy(
        attempts: 2, conditions: [.reset], backoff: Backoff(base: .nanoseconds(1))))
    service.conduct = { _, request in
      conducts[safe: request] ?? .answers(VerdictMesh.good)
    }
    return service
  }

  /// As long as the client has none of it, another may be asked; where that is safe.
  @Test(arguments: ["GET", "POST"]) func areAskedForAgainWhereNothingWentOut(method: String) throws
  {
    let service = try retrying(.answers(Self.malformed))
    let client = service.ask(
      "\(method) / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    service.run()
    #expect(client.status == (method == "GET" ? 200 : 502))
    #expect(service.asked == (method == "GET" ? 2 : 1))
    #expect(client.answer.contains("bad_chunk") != (method == "GET"), "\(client.answer)")
  }

  /// The same of a head that is none.
  @Test func soAreHeadsThatAreNone() throws {
    let service = try retrying(.answers("HTTP/1.1 2OO ?\r\n\r\n"))
    let client = service.ask()
    service.run()
    #expect(client.status == 200 && service.asked == 2)
  }

  @Test func areNotAskedForAgainOnceTheClientHasSome() throws {
    let service = try retrying(.breaksOff(Self.cut, after: .milliseconds(100), isReset: true))
    let client = service.ask()
    service.run()
    #expect(client.status == 200 && client.wasReset && service.asked == 1)
  }

  /// What a service does for nobody says nothing of its health (RFC 9110 §15.6.2, §15.6.6).
  @Test(arguments: [501, 505, 500]) func onlyTheServicesFailuresCount(status: Int) throws {
    var policy = policy()
    policy.consecutiveFailures = 5
    var outliers = OutlierPolicy()
    outliers.consecutive5xx = 3
    let service = try VerdictMesh(policy, outliers: outliers)
    service.conduct = { endpoint, _ in
      endpoint == 0
        ? .answers("HTTP/1.1 \(status) X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        : .answers(VerdictMesh.good)
    }
    for number in 0..<12 { service.ask(after: .milliseconds(10 * number)) }
    service.run()
    #expect(service.state.endpoints.map(\.isEjected) == [status == 500, false])
    #expect(service.figures()[0].failures == (status == 500 ? 3 : 0))
  }
}
