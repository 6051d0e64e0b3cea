import Primitives
import Testing
import WeirTesting

/// `fault` of a route: what it does to whom.
@Suite(.serialized)
struct FaultInjectionTests {
  private func proxy(
    _ fault: String, _ service: NamedService, top: String = ""
  ) throws -> RunningProxy {
    try RunningProxy(
      endpoints: [service.port],
      routes: "[{ match: { prefix: / }, upstream: service, fault: \(fault) }]", top: top)
  }

  private func injected(_ fault: String, _ proxy: RunningProxy) throws -> Double {
    try proxy.metric("weir_faults_injected_total{fault=\"\(fault)\"}")
  }

  @Test func holdsRequestsBack() throws {
    let service = try NamedService()
    let proxy = try proxy("{ delay: { share: 100%, duration: 150ms } }", service)
    let start = ContinuousClock.now
    let answer = try proxy.ask()
    #expect(answer == (200, "a"))
    #expect(start.duration(to: .now) >= .milliseconds(150))
    #expect(try injected("delay", proxy) == 1)
    #expect(proxy.stop())
  }

  /// The route's time covers what was held back.
  @Test func aDelayCountsAgainstTheTimeout() throws {
    let service = try NamedService()
    let proxy = try RunningProxy(
      endpoints: [service.port],
      routes: """
        [{ match: { prefix: / }, upstream: service, timeout: 50ms,
               fault: { delay: { share: 100%, duration: 60s } } }]
        """)
    try proxy.expectAnswered(try proxy.get("/"), as: .requestTimeout)
    #expect(service.requests.isEmpty)
    try proxy.expectNothingHeld()
    #expect(proxy.stop())
  }

  @Test func answersInsteadOfTheService() throws {
    let service = try NamedService()
    let proxy = try proxy("{ abort: { share: 100% } }", service)
    try proxy.expectAnswered(try proxy.get("/"), as: .faultInjected)
    #expect(try injected("abort", proxy) == 1)
    #expect(service.requests.isEmpty)
    #expect(proxy.stop())
  }

  @Test func answersWithTheStatusThatIsAskedFor() throws {
    let service = try NamedService()
    let proxy = try proxy("{ abort: { share: 100%, status: 418 } }", service)
    let answer = try proxy.get("/")
    #expect(answer.hasPrefix("HTTP/1.1 418 "), "\(answer)")
    #expect(answer.contains("details=\"fault_injected"), "\(answer)")
    #expect(try proxy.counted("fault_injected", 418) == 1)
    #expect(proxy.stop())
  }

  @Test func cutsTheConnection() throws {
    let service = try NamedService()
    let proxy = try proxy("{ reset: { share: 100% } }", service)
    // A reset, not an end: no answer, not even an empty one.
    #expect(throws: BlockingSocket.Failure.self) { _ = try proxy.get("/") }
    #expect(try injected("reset", proxy) == 1)
    #expect(service.requests.isEmpty)
    try proxy.expectCounted(.faultInjected, 503)
    try proxy.expectNothingHeld()
    #expect(proxy.stop())
  }

  @Test func meansNobodyWhoseShareIsNothing() throws {
    let service = try NamedService()
    let proxy = try proxy("{ abort: { share: 0% }, reset: { share: 0% } }", service)
    for _ in 0..<20 { #expect(try proxy.ask().status == 200) }
    #expect(proxy.stop())
  }

  @Test func meansOnlyTrustedPeersThatAskForIt() throws {
    let service = try NamedService()
    let fault = "{ abort: { share: 100%, status: 500 }, headers: { x-fault: dose, x-test: \"*\" } }"
    let proxy = try proxy(fault, service)
    let stranger = try self.proxy(fault, service, top: "trusted_proxies: [192.0.2.0/24]")
    let both = "X-Fault: dose\r\nX-Test: anything\r\n"
    #expect(try proxy.ask(headers: both).status == 500)
    #expect(try proxy.ask(headers: "x-fault: dose\r\n").status == 200)
    #expect(try proxy.ask(headers: "x-fault: other\r\nx-test: 1\r\n").status == 200)
    #expect(try proxy.ask().status == 200)
    #expect(try stranger.ask(headers: both).status == 200)
    #expect(proxy.stop())
    #expect(stranger.stop())
  }

  /// A body of 3,000 bytes at 1,500 a second; the head is not held back.
  @Test func slowsTheAnswersBody() throws {
    let body = String(repeating: "x", count: 3_000)
    let service = try NamedService(body)
    let proxy = try proxy("{ bandwidth: { bytes_per_second: 1500 } }", service)
    let client = try BlockingSocket.connect(port: proxy.port)
    let start = ContinuousClock.now
    try client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    var answer = try client.receive(until: "\r\n\r\n")
    #expect(!answer.hasSuffix(body))
    answer += try client.receiveAll()
    #expect(answer.hasSuffix("\r\n\r\n\(body)"))
    // A tenth of a second's worth may go at once.
    #expect(start.duration(to: .now) >= .seconds(1))
    #expect(try injected("bandwidth", proxy) == 1)
    #expect(proxy.stop())
  }
}
