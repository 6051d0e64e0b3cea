import Primitives
import Testing
import WeirTesting

/// `retry`: what is made again, when, where, and what is said of it.
@Suite(.serialized)
struct RetryTests {
  private static let quick = "backoff: { base: 1ms, max: 1ms }"

  @Test func makesItAgainUntilItSucceeds() throws {
    let service = try AnsweringService("a", .status(503), .reset, .close, .status(200))
    let proxy = try RunningProxy(
      [service], route: "retry: { attempts: 4, on: [503, reset], \(Self.quick) }")
    #expect(try proxy.ask().status == 200)
    #expect(service.requests.count == 4)
    // Each says which it is, to whom it is sent.
    #expect(service.requests.map { $0["x-envoy-attempt-count"] } == ["1", "2", "3", "4"])
    #expect(try proxy.retries("status", "failure") == 1)
    #expect(try proxy.retries("upstream_reset", "failure") == 1)
    #expect(try proxy.retries("upstream_closed") == 1)
    #expect(try proxy.counted("none", 200) == 1)
    try proxy.expectAllGivenBack()
    #expect(proxy.stop())
  }

  /// What a stale connection is replaced by is new; the retry behind that takes what is idle.
  @Test func onlyWhatReplacesAStaleConnectionIsNew() throws {
    let service = try AnsweringService("a", .status(200), .close, .status(503), .status(200))
    let proxy = try RunningProxy([service], route: "retry: { on: [503], \(Self.quick) }")
    for _ in 0..<2 { #expect(try proxy.ask().status == 200) }
    #expect(service.requests.count == 4)
    #expect(try proxy.retries("stale_connection", "failure") == 1)
    #expect(try proxy.retries("status") == 1)
    let opened = "weir_upstream_connections_opened_total{upstream=\"service\"}"
    #expect(try proxy.metric(opened) == 2)
    try proxy.expectAllGivenBack()
    #expect(proxy.stop())
  }

  /// The last answer is the client's; who is above is told that it need not try again.
  @Test func passesOnTheLastAnswerAndSaysThatItTried() throws {
    let service = try AnsweringService("a", .status(503))
    let proxy = try RunningProxy(
      [service], route: "retry: { attempts: 3, on: [503], \(Self.quick) }")
    let answer = try proxy.get("/")
    #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.hasSuffix("\r\n\r\na"), "\(answer)")
    #expect(answer.contains("\r\nx-weir-retried: 3\r\n"), "\(answer)")
    #expect(service.requests.count == 3)
    #expect(try proxy.refusedRetries("attempts_spent") == 1)
    try proxy.expectAllGivenBack()
    #expect(proxy.stop())
  }

  /// Three attempts, three endpoints, whatever the balancer's turn is.
  @Test(arguments: ["round_robin", "random", "least_request", "peak_ewma"])
  func asksAnotherEndpointEachTime(policy: String) throws {
    let services = try ["a", "b", "c"].map { try AnsweringService($0, .status(503)) }
    let proxy = try RunningProxy(
      services, route: "retry: { attempts: 3, on: [503], \(Self.quick) }",
      upstream: "balancing: { policy: \(policy) }")
    for round in 1...4 {
      #expect(try proxy.ask().status == 503)
      #expect(services.map(\.requests.count) == [round, round, round])
    }
    #expect(proxy.stop())
  }

  /// `Retry-After: 1` is waited for and the attempt does not come sooner.
  @Test func waitsAsLongAsItIsAsked() throws {
    let service = try AnsweringService(
      "a", .status(503, fields: "Retry-After: 1\r\n"), .status(200))
    let proxy = try RunningProxy([service], route: "retry: { on: [503], \(Self.quick) }")
    let began = ContinuousClock.now
    #expect(try proxy.ask().status == 200)
    #expect(began.duration(to: .now) >= .seconds(1))
    #expect(proxy.stop())
  }

  /// Longer than the policy waits, or than the request may take: the answer goes to the client now.
  @Test(arguments: [
    ("retry: { on: [503], retry_after_max: 1s }", "retry_after_too_long"),
    ("timeout: 30s, retry: { on: [503], retry_after_max: 2m }", "deadline"),
  ])
  func doesNotWaitInVain(route: String, refusal: String) throws {
    let service = try AnsweringService("a", .status(503, fields: "Retry-After: 60\r\n"))
    let proxy = try RunningProxy([service], route: route)
    #expect(try proxy.get("/").contains("\r\nRetry-After: 60\r\n"))
    #expect(service.requests.count == 1)
    #expect(try proxy.refusedRetries(refusal) == 1)
    #expect(proxy.stop())
  }

  /// A date, in each of its forms, is held against the answer's own; a number may be of any size.
  @Test(arguments: [
    ("Sun, 06 Nov 2033 08:49:37 GMT", "Sun, 06 Nov 2033 08:49:38 GMT"),
    ("Sun, 06 Nov 2033 08:49:37 GMT", "Sunday, 06-Nov-33 08:49:38 GMT"),
    ("Sun Nov  6 08:49:37 2033", "Sun Nov  6 08:49:38 2033"),
  ])
  func waitsUntilTheDate(sent: String, date: String) throws {
    let service = try AnsweringService(
      "a", .status(503, fields: "Date: \(sent)\r\nRetry-After: \(date)\r\n"), .status(200))
    let proxy = try RunningProxy([service], route: "retry: { on: [503], \(Self.quick) }")
    let began = ContinuousClock.now
    #expect(try proxy.ask().status == 200)
    #expect(began.duration(to: .now) >= .seconds(1))
    #expect(proxy.stop())
  }

  @Test(arguments: [
    "Date: Sun, 06 Nov 2033 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 2033 08:59:37 GMT\r\n",
    // Without one, the answer is as old as its arrival.
    "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n", "Retry-After: 4294967297\r\n",
    "Retry-After: 99999999999999999999999999999999999999\r\n",
  ])
  func aLongPauseIsNoInvitation(fields: String) throws {
    let service = try AnsweringService("a", .status(503, fields: fields))
    let proxy = try RunningProxy([service], route: "retry: { on: [503] }")
    #expect(try proxy.ask().status == 503)
    #expect(service.requests.count == 1)
    #expect(try proxy.refusedRetries("retry_after_too_long") == 1)
    #expect(proxy.stop())
  }

  /// A date that has passed asks for no pause, and neither does what nobody can read.
  @Test(arguments: ["Sun, 06 Nov 1994 08:49:37 GMT", "soon", "-1", "1.5"])
  func nothingIsWaitedForInThePast(value: String) throws {
    let service = try AnsweringService(
      "a", .status(503, fields: "Retry-After: \(value)\r\n"), .status(200))
    let proxy = try RunningProxy([service], route: "retry: { on: [503], \(Self.quick) }")
    #expect(try proxy.ask().status == 200)
    #expect(proxy.stop())
  }

  /// The budget is one place: while one request's retry is out, another's is refused.
  @Test func theBudgetBoundsWhatIsOut() throws {
    let service = try AnsweringService(
      "a", .status(503), .nothing, .status(503), .status(503), .status(200))
    let proxy = try RunningProxy(
      [service], route: "retry: { on: [503], \(Self.quick) }",
      upstream: "retry_budget: { minimum: 1, ratio: 0% }")
    let first = try proxy.hold("/")
    #expect(proxy.eventually { service.requests.count == 2 })
    #expect(try proxy.ask().status == 503)
    #expect(try proxy.refusedRetries("budget_spent") == 1)
    // Its client leaves, and the place is free again.
    first.close()
    #expect(service.waitsForLeaver())
    #expect(try proxy.ask().status == 200)
    try proxy.expectAllGivenBack()
    #expect(proxy.stop())
  }

  @Test func theBreakerThatOpenedEndsTheTries() throws {
    let service = try AnsweringService("a", .status(503))
    let proxy = try RunningProxy(
      [service], route: "retry: { attempts: 3, on: [503], \(Self.quick) }",
      upstream: "circuit_breaker: { consecutive_failures: 1, open_for: 60s }")
    // A breaker counts requests, not attempts: the first one is tried as often as it may be.
    #expect(try proxy.ask().status == 503)
    #expect(service.requests.count == 3)
    let answer = try proxy.get("/")
    try proxy.expectAnswered(answer, as: .circuitOpen)
    #expect(!answer.contains("x-weir-retried"))
    #expect(service.requests.count == 3)
    #expect(proxy.stop())
  }
}
