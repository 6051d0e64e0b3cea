import Primitives
import Testing
import WeirTesting

/// Failures that the client or the endpoint cause: what the client is answered, what is counted,
/// and that the next request is served.
@Suite(.serialized)
struct FailureTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  private func healthy() throws -> ScriptedEndpoint {
    try ScriptedEndpoint.answering { _ in Self.ok }
  }

  @Test func forwardsAndAnswers() throws {
    let endpoint = try healthy()
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try proxy.get("/prescriptions?id=1")
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(answer.hasSuffix("\r\n\r\nok"))
    #expect(try proxy.counted("none", 200) == 1)
    #expect(proxy.stop())
  }

  @Test(
    arguments: [
      ("GET / HTTP/1.1\r\n\r\n", .malformedRequest, "missing_host"),
      ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", .malformedRequest, "repeated_host"),
      (
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        .malformedRequest, "length_and_chunked"
      ),
      ("GET /\u{1} HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequest, ""),
      ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", .versionUnsupported, "version_unsupported"),
      ("\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .malformedRequest, "http2_preface"),
      ("GET / HTTP/1.1\r\nHost: a\r\nExpect: magic\r\n\r\n", .expectationUnsupported, ""),
      ("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", .connectDenied, ""),
      ("GET /../x HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequest, "bad_path"),
    ] as [(String, FailureKind, String)])
  func refusesWhatIsMalformed(request: String, failure: FailureKind, fault: String) throws {
    let endpoint = try healthy()
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try proxy.exchange(request)
    try proxy.expectAnswered(answer, as: failure, route: "none", upstream: "none")
    #expect(answer.contains(fault))
    // What a client that is at fault sends next is not trusted to be a request.
    #expect(answer.contains("connection: close\r\n"))
    // A path is judged behind the parser.
    let rejections = "weir_parser_rejections_total{message=\"request\",fault=\"\(fault)\"}"
    if !fault.isEmpty, fault != "bad_path" { #expect(try proxy.metric(rejections) == 1) }
    #expect(try proxy.get("/").contains("200 OK"))
    #expect(proxy.stop())
  }

  @Test func namesARefusedConnection() throws {
    let closed = try PortReservation()
    let proxy = try RunningProxy(endpoints: [closed.port])
    let answer = try proxy.get("/")
    #expect(answer.hasPrefix("HTTP/1.1 502 "))
    #expect(answer.contains("error=connection_refused"))
    // Its length is what it says: the next answer on the connection begins where it ends.
    #expect(PlainMessage.read(Array(answer.utf8), isResponse: true)?.count == answer.utf8.count)
    try proxy.expectAnswered(answer, as: .connectRefused)
    #expect(proxy.stop())
  }

  @Test(
    arguments: [
      ("", .upstreamClosed),
      ("HTTP/1.1 200 OK\r\nContent-Le", .responseIncomplete),
      ("HTTP/1.1 2OO OK\r\n\r\n", .malformedResponse),
      ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na", .malformedResponse),
      ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", .upgradeFailed),
    ] as [(String, FailureKind)])
  func namesWhatAnEndpointGetsWrong(response: String, failure: FailureKind) throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      try connection.send(response)
      connection.shutdownSend()
      _ = try connection.receive()
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    try proxy.expectAnswered(try proxy.get("/"), as: failure)
    try proxy.expectNothingHeld()
    #expect(proxy.stop())
  }

  @Test func cutsAnAnswerThatEndsShort() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
      connection.close()
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    // The client must not take the part for the whole: it sees a reset, not an end.
    #expect(throws: BlockingSocket.Failure.self) { _ = try socket.receiveAll() }
    try proxy.expectCounted(.responseIncomplete, 200)
    #expect(proxy.stop())
  }

  @Test func timesOutAnEndpointThatHangs() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in _ = try connection.receiveAll() }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      routes: "[{ match: { prefix: / }, upstream: service, timeout: 100ms }]")
    let answer = try proxy.get("/")
    try proxy.expectAnswered(answer, as: .requestTimeout)
    try proxy.expectNothingHeld()
    #expect(proxy.stop())
  }

  @Test func cutsASlowHead() throws {
    let endpoint = try healthy()
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], listener: "timeouts: { request_head: 100ms }")
    try proxy.expectAnswered(
      try proxy.exchange("GET / HT"), as: .requestHeadTimeout, route: "none", upstream: "none")
    #expect(proxy.stop())
  }

  @Test func cutsASlowBody() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in _ = try connection.receiveAll() }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      listener: "request_body_rate: { bytes_per_second: 1000, window: 200ms }")
    let answer = try proxy.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx")
    try proxy.expectAnswered(answer, as: .requestBodyTooSlow)
    try proxy.expectNothingHeld()
    #expect(proxy.stop())
  }

  @Test(arguments: [
    ("Content-Length: 11\r\n\r\n", "none", "none"),
    ("Transfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n", "1", "service"),
  ])
  func refusesABodyThatIsTooLarge(framing: String, route: String, upstream: String) throws {
    let endpoint = try ScriptedEndpoint { connection, _ in _ = try connection.receiveAll() }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], listener: "limits: { request_body: 10B }")
    let answer = try proxy.exchange("POST / HTTP/1.1\r\nHost: a\r\n\(framing)")
    #expect(answer.hasPrefix("HTTP/1.1 413 "), "\(answer)")
    try proxy.expectAnswered(answer, as: .requestBodyTooLarge, route: route, upstream: upstream)
    #expect(proxy.stop())
  }

  @Test func refusesLongHeadsAndTargets() throws {
    let endpoint = try healthy()
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let longTarget = String(repeating: "a", count: 9000)
    try proxy.expectAnswered(
      try proxy.get("/\(longTarget)"), as: .requestTargetTooLong, route: "none", upstream: "none")
    let longField = "X-Long: \(String(repeating: "a", count: 62_000))\r\n"
    #expect(try proxy.get("/", headers: longField).hasPrefix("HTTP/1.1 431 "))
    let many = String(repeating: "X-A: b\r\n", count: 101)
    try proxy.expectAnswered(
      try proxy.get("/", headers: many), as: .requestHeadTooLarge, route: "none", upstream: "none",
      count: 2)
    #expect(try proxy.get("/").contains("200 OK"))
    #expect(proxy.stop())
  }

  @Test func answersNoRoute() throws {
    let proxy = try RunningProxy(
      endpoints: [9], routes: "[{ match: { path: /only }, upstream: service }]")
    let answer = try proxy.get("/other", headers: "Accept: text/plain\r\n")
    #expect(answer.hasPrefix("HTTP/1.1 404 "))
    #expect(answer.hasSuffix("weir: no_route\n"))
    try proxy.expectAnswered(answer, as: .noRoute, route: "none", upstream: "none")
    #expect(proxy.stop())
  }
}
