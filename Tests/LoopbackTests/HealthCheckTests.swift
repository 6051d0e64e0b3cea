import ControlPlane
import Dispatch
import Logging
import Primitives
import Telemetry
import Testing
import Upstreams
import WeirTesting

/// The control loop's health checks, with real sockets. What they do byte by byte and in time stands
/// in `HealthCheckAnswerTests`, `HealthCheckTimeTests` and `HealthCheckChangeTests`.
@Suite(.serialized)
struct HealthCheckTests {
  /// A control loop, and what it tells.
  private final class Checks: Sendable {
    let loop: ControlLoop
    private let registry = MetricRegistry()
    private let changes = Lock<[HealthChange]>([])
    private let told = DispatchSemaphore(value: 0)

    init() throws {
      let changes = changes
      let told = told
      loop = try ControlLoop(
        registry: registry, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, seed: 1
      ) { change in
        changes.withLock { $0.append(change) }
        told.signal()
      }
    }

    func check(
      _ endpoints: [SocketAddress], _ policy: HealthCheckPolicy = HealthCheckTests.policy,
      asking question: HealthQuestion = HealthQuestion(path: "/health")
    ) {
      loop.checkHealth(of: [
        .init(name: "service", policy: policy, question: question, endpoints: endpoints)
      ])
    }

    /// The next change; nil: none came within the tests' patience.
    func next() -> HealthChange? {
      guard told.comes() else { return nil }
      return changes.withLock { $0.removeFirst() }
    }

    /// Asks the loop until `condition` holds; false: it did not within the tests' patience.
    func eventually(_ condition: (_ active: Int, _ waiting: Int) -> Bool) -> Bool {
      Patience.waits {
        let counts = Lock((0, 0))
        let answered = DispatchSemaphore(value: 0)
        loop.probeCounts { active, waiting in
          counts.withLock { $0 = (active, waiting) }
          answered.signal()
        }
        answered.wait()
        let (active, waiting) = counts.withLock { $0 }
        return condition(active, waiting)
      }
    }

    /// Checks that ended with `result`, over all upstreams.
    func counted(_ result: String) -> Int {
      let values = Lock<[UInt64]>([])
      let answered = DispatchSemaphore(value: 0)
      loop.scrape { counted in
        values.withLock { $0 = counted }
        answered.signal()
      }
      answered.wait()
      let shards = [values.withLock { $0 }]
      let text = Exposition.render(registry, shards: shards, format: .text)
      let lines = text.split(separator: "\n").filter { $0.contains("result=\"\(result)\"") }
      return lines.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
    }
  }

  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
  private static let ill = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"

  /// Fast, but for the time-out, which is to happen only where the endpoint is silent.
  private static let policy = HealthCheckPolicy(
    interval: .milliseconds(10), timeout: Patience.limit)

  private func address(_ port: UInt16) -> SocketAddress { .ip(.loopback4, port: port) }

  @Test func tellsAnEndpointThatFailsAndRecovers() throws {
    let checks = try Checks()
    let endpoint = try ScriptedEndpoint { connection, number in
      _ = try connection.receiveMessage()
      try connection.send((3..<9).contains(number) ? Self.ill : Self.ok)
    }
    checks.check([address(endpoint.port)])
    let first = try #require(checks.next())
    #expect(first.upstream == "service" && first.endpoint == address(endpoint.port))
    #expect(!first.isHealthy && first.cause == .probe(.badStatus(503)))
    let second = try #require(checks.next())
    #expect(second.isHealthy && second.cause == .probe(.success))
    checks.loop.stop()
  }

  @Test(arguments: [
    "garbage", "closed", "refused", "silent", "tcp",
  ])
  func tellsWhy(fault: String) throws {
    let checks = try Checks()
    let isEnded = DispatchSemaphore(value: 0)
    let endpoint = try ScriptedEndpoint { connection, _ in
      switch fault {
      case "garbage": try connection.send("220 mail.example ESMTP\r\n")
      case "closed": return
      default: _ = isEnded.comes()
      }
      // Until the checker has closed: an end with bytes unread would be a reset.
      _ = try connection.receiveAll()
    }
    var policy = Self.policy
    if fault == "silent" { policy.timeout = .milliseconds(50) }
    let isRefused = fault == "refused" || fault == "tcp"
    let closed = try PortReservation()
    let port = isRefused ? closed.port : endpoint.port
    let question = HealthQuestion(path: fault == "tcp" ? nil : "/")
    checks.check([address(port)], policy, asking: question)
    let change = try #require(checks.next())
    isEnded.signal()
    guard case .probe(let result) = change.cause else { return #expect(Bool(false), "\(change)") }
    let expected = [
      "garbage": "malformed: bad_version", "closed": "closed", "refused": "connect_refused",
      "silent": "timeout", "tcp": "connect_refused",
    ]
    #expect(!change.isHealthy && result.description == expected[fault])
    checks.loop.stop()
  }

  @Test func asksTheOtherPortWithTheHostThatIsGiven() throws {
    let checks = try Checks()
    let requests = Lock<[String]>([])
    let asked = DispatchSemaphore(value: 0)
    let endpoint = try ScriptedEndpoint { connection, _ in
      let request = try connection.receiveMessage()
      requests.withLock { $0.append(request) }
      asked.signal()
      try connection.send(Self.ok)
    }
    let question = HealthQuestion(
      path: "/ready", host: "orders.internal", port: endpoint.port)
    let closed = try PortReservation()
    checks.check([address(closed.port)], asking: question)
    #expect(asked.comes())
    let request = try #require(requests.withLock { $0.first })
    #expect(request.hasPrefix("GET /ready HTTP/1.1\r\nhost: orders.internal\r\n"))
    checks.loop.stop()
  }

  /// The endpoint sees its connection end as soon as it is removed, long before the time-out.
  @Test func letsGoOfAnEndpointThatIsRemovedWhileItIsAsked() throws {
    let checks = try Checks()
    let asked = DispatchSemaphore(value: 0)
    let left = DispatchSemaphore(value: 0)
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      asked.signal()
      if try connection.receive().isEmpty { left.signal() }
    }
    var policy = Self.policy
    policy.timeout = .seconds(600)
    checks.check([address(endpoint.port)], policy)
    #expect(asked.comes())
    checks.check([], policy)
    #expect(left.comes())
    #expect(checks.eventually { active, waiting in active == 0 && waiting == 0 })
    for result in ["success", "timeout", "closed"] { #expect(checks.counted(result) == 0) }
    checks.loop.stop()
  }

  /// 200 endpoints (one, under the names of 200 upstreams) that answer when they are let.
  @Test func asksABoundedNumberAtOnce() throws {
    let checks = try Checks()
    let isOpen = Lock(false)
    let gate = DispatchSemaphore(value: 0)
    let counts = Lock((now: 0, most: 0))
    let endpoint = try ScriptedEndpoint { connection, _ in
      counts.withLock { counts in
        counts.now += 1
        counts.most = max(counts.most, counts.now)
      }
      _ = try connection.receiveMessage()
      if !isOpen.withLock({ $0 }) { _ = gate.comes() }
      counts.withLock { $0.now -= 1 }
      try connection.send(Self.ok)
    }
    let policy = HealthCheckPolicy(
      interval: .seconds(600), jitter: .zero, timeout: Patience.limit)
    let question = HealthQuestion(path: "/")
    let wanted = (0..<200).map {
      HealthCheckedUpstream(
        name: "service-\($0)", policy: policy, question: question,
        endpoints: [address(endpoint.port)])
    }
    checks.loop.checkHealth(of: wanted)
    let bound = HealthChecker.probesMax
    #expect(checks.eventually { active, waiting in active == bound && waiting == 200 - bound })
    isOpen.withLock { $0 = true }
    for _ in 0..<bound { gate.signal() }
    #expect(checks.eventually { _, _ in checks.counted("success") == 200 })
    let most = counts.withLock { $0.most }
    #expect((1...bound).contains(most), "\(most)")
    checks.loop.stop()
  }
}
