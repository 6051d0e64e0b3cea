import Testing
import WeirTesting

/// One layer of proxies tries again, not each: what they tell each other of it.
@Suite(.serialized)
struct RetryHintTests {
  private static let retry = "retry: { attempts: 3, on: [503], backoff: { base: 1ms, max: 1ms } }"

  /// Its second attempt is made by who is above: there is none of ours beside it.
  @Test func doesNotTryAgainForWhoTriesAgain() throws {
    let service = try AnsweringService("a", .status(503))
    let proxy = try RunningProxy([service], route: Self.retry)
    #expect(try proxy.ask(headers: "x-envoy-attempt-count: 2\r\n").status == 503)
    #expect(service.requests.map { $0["x-envoy-attempt-count"] } == ["2"])
    #expect(try proxy.refusedRetries("retried_above") == 1)
    // Its first is as good as anybody's.
    #expect(try proxy.ask(headers: "x-envoy-attempt-count: 1\r\n").status == 503)
    #expect(service.requests.count == 4)
    #expect(proxy.stop())
  }

  @Test(arguments: ["18446744073709551615", "-1", "2x", ""])
  func takesNonsenseForNothingSaid(count: String) throws {
    let service = try AnsweringService("a", .status(503), .status(200))
    let proxy = try RunningProxy([service], route: Self.retry)
    #expect(try proxy.ask(headers: "x-envoy-attempt-count: \(count)\r\n").status == 200)
    #expect(proxy.stop())
  }

  /// A stranger's count is neither obeyed nor passed on.
  @Test func doesNotBelieveStrangers() throws {
    let service = try AnsweringService("a", .status(503), .status(200))
    let proxy = try RunningProxy(
      [service], route: Self.retry, top: "trusted_proxies: [192.0.2.0/24]")
    #expect(try proxy.ask(headers: "x-envoy-attempt-count: 9\r\n").status == 200)
    #expect(service.requests.map { $0["x-envoy-attempt-count"] } == ["1", "2"])
    #expect(proxy.stop())
  }

  @Test(arguments: ["x-weir-retried: 2", "x-envoy-overloaded: true"])
  func doesNotTryAgainWhatWasTriedBelow(hint: String) throws {
    let service = try AnsweringService("a", .status(503, fields: "\(hint)\r\n"))
    let proxy = try RunningProxy([service], route: Self.retry)
    #expect(try proxy.ask().status == 503)
    #expect(service.requests.count == 1)
    #expect(try proxy.refusedRetries("retried_below") == 1)
    #expect(proxy.stop())
  }

  /// Two proxies in a row with three attempts each ask the service three times, not nine.
  @Test func twoLayersTryAsOftenAsOne() throws {
    let service = try AnsweringService("a", .status(503))
    let inner = try RunningProxy([service], route: Self.retry)
    let outer = try RunningProxy(
      endpoints: [inner.port],
      routes: "[{ match: { prefix: / }, upstream: service, \(Self.retry) }]")
    let answer = try outer.get("/")
    #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("\r\nx-weir-retried: 3\r\n"))
    #expect(service.requests.count == 3)
    #expect(outer.stop())
    #expect(inner.stop())
  }
}
