import Primitives
import Testing
import WeirTesting

/// What a trusted proxy in front says of the time that is left: it bounds ours, and what is left of it
/// goes on to the endpoint.
@Suite(.serialized)
struct DeadlineHeaderTests {
  private static let expected = "x-envoy-expected-rq-timeout-ms"

  private func told(_ request: PlainMessage) -> Int? {
    request[Self.expected].flatMap { Int($0) }
  }

  @Test(arguments: [
    ("\(expected): 150", FailureKind.requestTimeout), ("grpc-timeout: 150m", .totalTimeout),
  ])
  func endsTheRequestAndLeavesTheEndpoint(field: String, failure: FailureKind) throws {
    let service = try AnsweringService("a", .nothing)
    let proxy = try RunningProxy([service], route: "timeout: 60s")
    let began = ContinuousClock.now
    let answer = try proxy.get("/", headers: "\(field)\r\n")
    #expect(began.duration(to: .now) >= .milliseconds(150))
    try proxy.expectAnswered(answer, as: failure)
    #expect(service.waitsForLeaver())
    #expect((1...150).contains(try #require(told(service.requests[0]))))
    try proxy.expectAllGivenBack()
    #expect(proxy.stop())
  }

  /// Each attempt is told of less, by what the one before took.
  @Test func shrinksFromAttemptToAttempt() throws {
    let service = try AnsweringService("a", .lateReset(30_000), .lateReset(30_000), .status(200))
    let proxy = try RunningProxy(
      [service], route: "retry: { attempts: 3, on: [reset], backoff: { base: 1ms, max: 1ms } }")
    let fields = "\(Self.expected): 60000\r\ngrpc-timeout: 60S\r\n"
    #expect(try proxy.ask(headers: fields).status == 200)
    let told = service.requests.compactMap(told)
    #expect(told.count == 3 && told[0] <= 60_000, "\(told)")
    #expect(told[1] <= told[0] - 29 && told[2] <= told[1] - 29, "\(told)")
    let grpc = service.requests.compactMap { $0["grpc-timeout"] }
    #expect(grpc.count == 3 && Set(grpc).count == 3, "\(grpc)")
    #expect(proxy.stop())
  }

  /// The route's own limit still holds, and is what the endpoint is told.
  @Test func isNoWayAroundTheRoutesLimit() throws {
    let service = try AnsweringService("a", .nothing)
    let proxy = try RunningProxy([service], route: "timeout: 100ms")
    let answer = try proxy.get("/", headers: "\(Self.expected): 60000\r\n")
    try proxy.expectAnswered(answer, as: .requestTimeout)
    #expect((1...100).contains(try #require(told(service.requests[0]))))
    #expect(proxy.stop())
  }

  /// What has an end cannot take longer than that, however well the answer began.
  @Test func boundsTheAnswersBodyForGRPC() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
      _ = try? connection.receiveAll()
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    #expect(throws: BlockingSocket.Failure.self) {
      _ = try proxy.get("/", headers: "grpc-timeout: 150m\r\n")
    }
    try proxy.expectCounted(.totalTimeout, 200)
    #expect(proxy.stop())
  }

  /// Whoever wants may write such a field: only those who are trusted are believed.
  @Test func doesNotBelieveStrangers() throws {
    let service = try AnsweringService("a", .late(100_000))
    let proxy = try RunningProxy(
      [service], route: "timeout: 60s", top: "trusted_proxies: [192.0.2.0/24]")
    for field in ["\(Self.expected): 20", "grpc-timeout: 20m"] {
      #expect(try proxy.ask(headers: "\(field)\r\n").status == 200)
    }
    #expect(service.requests.compactMap(told).allSatisfy { $0 > 1000 })
    #expect(proxy.stop())
  }

  @Test(arguments: ["x", "-1", "", "99999999999999999999"])
  func takesNonsenseForNothingSaid(value: String) throws {
    let service = try AnsweringService("a", .late(20_000))
    let proxy = try RunningProxy([service], route: "timeout: 60s")
    let fields = "\(Self.expected): \(value)\r\ngrpc-timeout: \(value)\r\n"
    #expect(try proxy.ask(headers: fields).status == 200)
    #expect(proxy.stop())
  }

  /// Less than the service was ever seen to take: nobody is asked in vain.
  @Test func refusesWhatCannotBeInTime() throws {
    let service = try AnsweringService("a", .late(60_000))
    let proxy = try RunningProxy([service], route: "timeout: 60s")
    #expect(try proxy.ask().status == 200)
    let answer = try proxy.get("/", headers: "\(Self.expected): 20\r\n")
    try proxy.expectAnswered(answer, as: .deadlineUnreachable)
    #expect(service.requests.count == 1)
    // What can be is asked for.
    #expect(try proxy.ask(headers: "\(Self.expected): 60000\r\n").status == 200)
    try proxy.expectAllGivenBack()
    #expect(proxy.stop())
  }
}
