import Foundation
import Testing
import WeirTesting

/// What Weir answers a call of gRPC by itself.
@Suite(.serialized)
struct GRPCFailureTests {
  private static let policies = """
    [{ match: { prefix: /test.Echo/Unary }, upstream: service,
           fault: { abort: { share: 100%, status: 401 } } },
         { match: { prefix: /test.Echo/Server }, upstream: service,
           authorize: { default: deny, rules: [] } },
         { match: { prefix: /test.Echo/Client },
           respond: { status: 503, body: "50 % of it: déjà\\n" } },
         { match: { prefix: /refused }, upstream: service },
         { match: { prefix: /fine }, respond: { status: 200, body: fine } }]
    """

  /// A client reads the status and the words as it would those of the service.
  @Test(arguments: [
    ("Unary", "UNAUTHENTICATED weir: fault_injected"),
    ("Server", "PERMISSION_DENIED weir: authorization_denied"),
    ("Client", "UNAVAILABLE 50 % of it: déjà"), ("Both", "UNIMPLEMENTED weir: no_route"),
  ])
  func policiesAnswerInItsTerms(kind: String, wanted: String) throws {
    let closed = try PortReservation()
    let proxy = try RunningProxy(endpoints: [closed.port], routes: Self.policies)
    let said = try GRPCClient.call(proxy, kind)
    #expect(said.hasPrefix(wanted), "\(said)")
    #expect(said.contains("proxy-status: weir"))
    #expect(proxy.stop())
  }

  @Test func aRateLimitIsResourceExhausted() throws {
    let closed = try PortReservation()
    let proxy = try RunningProxy(
      endpoints: [closed.port],
      routes: """
        [{ match: { prefix: / }, upstream: service, rate_limit: { requests: 1, per: 60s, burst: 1 } }]
        """)
    #expect(try GRPCClient.call(proxy).hasPrefix("UNAVAILABLE weir: connect_refused\n"))
    let said = try GRPCClient.call(proxy)
    #expect(said.hasPrefix("RESOURCE_EXHAUSTED weir: rate_limited"), "\(said)")
    #expect(said.contains("retry-after: ") && said.contains("ratelimit: "))
    #expect(try proxy.counted("connect_refused", 200) == 1)
    #expect(try proxy.counted("rate_limited", 200) == 1)
    #expect(proxy.stop())
  }

  /// One HEADERS frame that ends the stream, and no DATA (gRPC over HTTP/2: Trailers-Only).
  @Test(arguments: ["/refused", "/test.Echo/Client"])
  func theAnswerIsAHeadAlone(path: String) throws {
    let closed = try PortReservation()
    let proxy = try RunningProxy(endpoints: [closed.port], routes: Self.policies)
    let client = try RawClient(port: proxy.port)
    let pseudo = HTTP2Frames.pseudo("POST").map { $0.0 == ":path" ? ($0.0, path) : $0 }
    // The body is still to come: the answer does not wait for it.
    try client.send {
      $0.head(1, pseudo + [("content-type", "application/grpc+proto")], isEnd: false)
    }
    let end = try client.next { $0.isEnd }
    #expect(end?.type == 1 && end?.stream == 1)
    #expect(!client.frames.contains { $0.type == 0 })
    let answer = try Command.run(
      "curl",
      ["-s", "-i", "-m", "60", "--http2-prior-knowledge", "-X", "POST"]
        + ["-H", "Content-Type: application/grpc", "http://127.0.0.1:\(proxy.port)\(path)"])
    #expect(answer.hasPrefix("HTTP/2 200 \r\n") && answer.hasSuffix("\r\n\r\n"), "\(answer)")
    #expect(answer.contains("\r\ncontent-type: application/grpc\r\n"))
    #expect(answer.contains("\r\ngrpc-status: 14\r\n") && !answer.contains("content-length"))
    #expect(answer.contains("\r\nproxy-status: weir"))
    #expect(proxy.stop())
  }

  /// Which `content-type` makes a call, over HTTP/1.1 as well: a proxy in front may speak that.
  @Test(arguments: [
    ("POST", "application/grpc", true), ("POST", "Application/GRPC+proto", true),
    ("POST", "application/grpc;charset=utf-8", true), ("POST", "application/grpc ; a=b", true),
    ("POST", "application/grpc-web", false), ("POST", "application/grpcx", false),
    ("POST", "application/grp", false), ("POST", "", false), ("POST", "text/plain", false),
    ("GET", "application/grpc", false),
  ])
  func itIsKnownByItsContentType(method: String, type: String, isCall: Bool) throws {
    let closed = try PortReservation()
    let proxy = try RunningProxy(endpoints: [closed.port], routes: Self.policies)
    func ask(_ path: String) throws -> String {
      try proxy.exchange(
        "\(method) \(path) HTTP/1.1\r\nHost: a\r\nContent-Type: \(type)\r\nContent-Length: 0\r\n"
          + "Connection: close\r\n\r\n")
    }
    let answer = try ask("/refused")
    #expect(answer.hasPrefix(isCall ? "HTTP/1.1 200 " : "HTTP/1.1 502 "), "\(answer)")
    #expect(answer.contains("\r\ngrpc-status: 14\r\n") == isCall)
    #expect(answer.contains("details=\"connect_refused\""))
    if isCall { #expect(answer.contains("content-length: 0\r\n")) }
    // What the operator wrote as a success is that.
    #expect(try ask("/fine").hasSuffix("\r\n\r\nfine"))
    #expect(proxy.stop())
  }

  /// The call's own deadline: the client gives up at the same time, so it is asked by hand.
  @Test func aDeadlineThatPassesIsSaidAndWasHandedOn() throws {
    let service = try AnsweringService("a", .nothing)
    let proxy = try RunningProxy([service], route: "timeout: 60s")
    let began = ContinuousClock.now
    let answer = try Command.run(
      "curl",
      [
        "-s", "-i", "-m", "60", "--http2-prior-knowledge", "-X", "POST", "-H", "TE: trailers",
        "-H", "Content-Type: application/grpc", "-H", "grpc-timeout: 150m",
        "http://127.0.0.1:\(proxy.port)/",
      ])
    #expect(began.duration(to: .now) >= .milliseconds(150))
    #expect(
      answer.contains("\r\ngrpc-status: 4\r\ngrpc-message: weir: total_timeout\r\n"), "\(answer)")
    #expect(service.waitsForLeaver())
    let told = try #require(service.requests[0]["grpc-timeout"])
    #expect(told.hasSuffix("u") || told.hasSuffix("n"), "\(told)")
    let scale = told.hasSuffix("u") ? 1000 : 1
    #expect(try (1..<150_000_000).contains(#require(Int(told.dropLast())) * scale), "\(told)")
    #expect(proxy.stop())
  }

  /// The real client, whose own deadline passes.
  @Test func aRealClientSeesItsDeadline() throws {
    let service = try AnsweringService("a", .nothing)
    let proxy = try RunningProxy([service], route: "timeout: 60s")
    #expect(try GRPCClient.call(proxy, timeout: 0.3).hasPrefix("DEADLINE_EXCEEDED"))
    #expect(service.waitsForLeaver())
    #expect(proxy.stop())
  }

  /// What began is reset when its time is up, by the code from which a client concludes that.
  @Test func anAnswerThatOutlastsItsDeadlineIsCancelled() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      try connection.send(
        "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n"
          + "3\r\nabc\r\n")
      _ = try? connection.receiveAll()
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let client = try RawClient(port: proxy.port)
    try client.send {
      $0.request(
        1, method: "POST", [("content-type", "application/grpc"), ("grpc-timeout", "150m")])
    }
    let reset = try client.next { $0.type == 3 }
    #expect(reset?.stream == 1 && reset?.word == 8)
    #expect(client.payload(of: 1) == Array("abc".utf8))
    let line =
      "weir_grpc_requests_total{listener=\"ingress\",route=\"1\",upstream=\"service\",grpc_status=\"DEADLINE_EXCEEDED\"}"
    #expect(try proxy.metric(line) == 1)
    #expect(proxy.stop())
  }
}
