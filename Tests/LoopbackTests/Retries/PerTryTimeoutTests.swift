import Primitives
import Testing
import WeirTesting

/// `retry.per_try_timeout`: an attempt that is slow is ended, and is no reason to act twice.
@Suite(.serialized)
struct PerTryTimeoutTests {
  /// Long enough for who answers at once, on a busy machine too.
  private static let quick = "per_try_timeout: 1s, backoff: { base: 1ms, max: 1ms }"

  @Test func theNextAttemptAnswers() throws {
    let slow = try AnsweringService("slow", .nothing)
    let good = try AnsweringService("good")
    let proxy = try RunningProxy(
      [slow, good], route: "retry: { on: [per-try-timeout], \(Self.quick) }")
    for _ in 0..<2 { #expect(try proxy.ask().body == "good") }
    #expect(slow.waitsForLeaver())
    // A retry takes a turn too, so it may be the slow one's again.
    let slowly = slow.requests.count
    #expect((1...2).contains(slowly) && good.requests.count == 2)
    // The attempt's time, not the request's, is what the endpoint is told.
    let told = slow.requests[0]["x-envoy-expected-rq-timeout-ms"].flatMap { Int($0) }
    #expect((1...1000).contains(told ?? 0), "\(told ?? -1)")
    #expect(try proxy.retries("per_try_timeout") == Double(slowly))
    try proxy.expectAllGivenBack()
    #expect(proxy.stop())
  }

  /// The bytes are with the endpoint and may still be acted upon: no second POST, nor one that only
  /// seems unsent.
  @Test func aPostIsNotSentAgain() throws {
    let services = [try AnsweringService("a", .nothing), try AnsweringService("b", .nothing)]
    let proxy = try RunningProxy(
      services, route: "retry: { attempts: 3, on: [5xx, per-try-timeout], \(Self.quick) }")
    try proxy.expectAnswered(try proxy.post(), as: .perTryTimeout)
    #expect(services.map(\.requests.count).reduce(0, +) == 1)
    #expect(try proxy.refusedRetries("not_safe") == 1)
    try proxy.expectAllGivenBack()
    #expect(proxy.stop())
  }

  @Test func retriesNothingThatItsConditionsDoNotName() throws {
    let service = try AnsweringService("a", .status(500), .nothing)
    let proxy = try RunningProxy(
      [service], route: "retry: { on: [connect-failure, 503], per_try_timeout: 1s }")
    #expect(try proxy.ask().status == 500)
    #expect(try proxy.refusedRetries("condition_unmet") == 0)
    // On the connection that the first was answered on: slow is not the same as closed.
    let answer = try proxy.get("/")
    try proxy.expectAnswered(answer, as: .perTryTimeout)
    #expect(service.requests.count == 2)
    #expect(try proxy.refusedRetries("condition_unmet") == 1)
    #expect(service.waitsForLeaver())
    try proxy.expectAllGivenBack()
    #expect(proxy.stop())
  }

  /// An attempt on a kept connection counts as one, and its retry against the budget.
  @Test func aSlowKeptConnectionIsTriedNoOftenerThanAnother() throws {
    let service = try AnsweringService("a", .status(200), .nothing)
    let proxy = try RunningProxy(
      [service],
      route: "retry: { attempts: 3, on: [per-try-timeout], \(Self.quick) }",
      upstream: "retry_budget: { minimum: 1, ratio: 0% }")
    #expect(try proxy.ask().status == 200)
    try proxy.expectAnswered(try proxy.get("/"), as: .perTryTimeout)
    #expect(service.requests.count == 4)
    #expect(try proxy.retries("stale_connection", "failure") == 0)
    #expect(try proxy.retries("per_try_timeout", "failure") == 2)
    try proxy.expectAllGivenBack()
    #expect(proxy.stop())
  }
}
