import ControlPlane
import Foundation
import Primitives
import Testing
import WeirTesting

/// One test for each defect that a hostile reading of the data path found.
@Suite(.serialized)
struct HostileReadingTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  private func healthy() throws -> ScriptedEndpoint {
    try ScriptedEndpoint.answering { _ in Self.ok }
  }

  /// The endpoint acts and resets before its kernel has acknowledged a byte.
  @Test func neverSendsAPostTwiceAfterAReset() throws {
    let acted = DispatchSemaphore(value: 0)
    let endpoint = try ScriptedEndpoint { connection, _ in
      while true {
        let request = try connection.receiveMessage()
        if request.isEmpty { return }
        if request.hasPrefix("POST") {
          acted.signal()
          connection.resetOnClose()
          return connection.close()
        }
        try connection.send(Self.ok)
      }
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    for _ in 0..<5 {
      #expect(try proxy.get("/").hasPrefix("HTTP/1.1 200 "))
      let answer = try proxy.exchange(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx")
      #expect(answer.hasPrefix("HTTP/1.1 502 "), "\(answer)")
    }
    var count = 0
    while acted.wait(timeout: .now()) == .success { count += 1 }
    #expect(count == 5)
    #expect(proxy.stop())
  }

  @Test func normalizesALongPath() throws {
    let endpoint = try healthy()
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], listener: "limits: { request_target: 40KiB }")
    let path = "/" + String(repeating: "a", count: 20_000) + "%41"
    #expect(try proxy.get(path).hasPrefix("HTTP/1.1 200 "))
    #expect(proxy.stop())
  }

  /// A body that is received to its exact end leaves the connection idle, not in a request's head.
  @Test func sendsNoAnswerUnasked() throws {
    let endpoint = try healthy()
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], listener: "timeouts: { request_head: 100ms }")
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n")
    try proxy.expectAttempts(1)
    try socket.send("body")
    #expect(try socket.receive(until: "ok").hasPrefix("HTTP/1.1 200 "))
    let isIdle = try proxy.eventually { try proxy.metric("weir_requests_active") == 0 }
    #expect(isIdle)
    // Empty lines before a request begin none either (RFC 9112 §2.2).
    try socket.send("\r\n")
    let seen = try proxy.eventually {
      try proxy.admin("/livez").hasPrefix("HTTP/1.1 200 ")
        && proxy.metric("weir_requests_active") == 0
    }
    #expect(seen)
    try socket.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    let rest = try socket.receiveAll()
    #expect(rest.hasPrefix("HTTP/1.1 200 ") && rest.hasSuffix("ok"), "\(rest)")
    #expect(proxy.stop())
  }

  @Test func timesOutAPostToo() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in _ = try connection.receiveAll() }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      routes: "[{ match: { prefix: / }, upstream: service, timeout: 100ms }]",
      listener: "request_body_rate: { bytes_per_second: 0 }")
    let answer = try proxy.exchange(
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody")
    try proxy.expectAnswered(answer, as: .requestTimeout)
    #expect(proxy.stop())
  }

  /// Who waits to be told to go on waits for the endpoint, and is not the one to blame.
  @Test func blamesNobodyForWaitingToContinue() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in _ = try connection.receiveAll() }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      routes: "[{ match: { prefix: / }, upstream: service, timeout: 300ms }]",
      listener: "request_body_rate: { bytes_per_second: 1000, window: 100ms }")
    let answer = try proxy.exchange(
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
    try proxy.expectAnswered(answer, as: .requestTimeout)
    #expect(proxy.stop())
  }

  /// The last answer on a connection arrives whole although the client has sent more.
  @Test func closesWithoutLosingTheAnswer() throws {
    let body = String(repeating: "x", count: 1_000_000)
    let endpoint = try ScriptedEndpoint.answering { _ in
      "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n\(body)"
    }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], listener: "limits: { requests_per_connection: 1 }")
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    try proxy.expectAttempts(1)
    try socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try socket.receiveAll().utf8.count > 1_000_000)
    #expect(proxy.stop())
  }

  /// Head and fault arrive together, nothing has been sent: the client is told, not cut.
  @Test func answersAFaultBehindAHead() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
      _ = try connection.receiveAll()
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    try proxy.expectAnswered(try proxy.get("/"), as: .malformedResponse)
    #expect(proxy.stop())
  }

  @Test func endsAFloodOfInterimAnswers() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      while true { try connection.send("HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n") }
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try proxy.exchange("GET / HTTP/1.0\r\n\r\n")
    try proxy.expectAnswered(answer, as: .malformedResponse)
    #expect(answer.contains("too_many_interim"))
    #expect(proxy.stop())
  }

  /// What a route removes from answers is not in its interim answers either.
  @Test func editsInterimAnswersToo() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      try connection.send("HTTP/1.1 103 Early Hints\r\nX-Secret: s\r\nLink: <a>\r\n\r\n\(Self.ok)")
    }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      routes:
        "[{ match: { prefix: / }, upstream: service, headers: { response: { remove: [x-secret] } } }]"
    )
    let answer = try proxy.get("/")
    #expect(answer.hasPrefix("HTTP/1.1 103 ") && answer.hasSuffix("ok"))
    #expect(!answer.lowercased().contains("x-secret"))
    #expect(proxy.stop())
  }

  /// A state without a context that was believed is dropped (W3C §3.3).
  @Test func dropsAStateWithoutItsContext() throws {
    let endpoint = try ScriptedEndpoint.answering { request in
      "HTTP/1.1 200 OK\r\nContent-Length: \(request.utf8.count)\r\n\r\n\(request)"
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try proxy.get("/", headers: "traceparent: bogus\r\ntracestate: a=b\r\n")
    #expect(answer.contains("traceparent: 00-") && !answer.contains("tracestate"))
    #expect(proxy.stop())
  }

  /// Connections that wait behind the accept when the drain begins are served.
  @Test func servesWhatWasQueuedAtADrain() throws {
    let endpoint = try healthy()
    let proxy = try RunningProxy(endpoints: [endpoint.port], drainTimeout: "1m")
    // More than one wait takes.
    let sockets = try (0..<300).map { _ in
      let socket = try BlockingSocket.connect(port: proxy.port)
      try socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      return socket
    }
    _ = try proxy.admin("/drain", method: "POST")
    for socket in sockets {
      let answer = try socket.receiveAll()
      #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.hasSuffix("ok"))
    }
    #expect(proxy.stop())
  }

  /// Whom to believe changes for connections that are open, too.
  @Test func believesByTheNewestConfiguration() throws {
    let endpoint = try ScriptedEndpoint.answering { request in
      "HTTP/1.1 200 OK\r\nContent-Length: \(request.utf8.count)\r\n\r\n\(request)"
    }
    func yaml(_ trusted: String) -> String {
      """
      admin: { address: 127.0.0.1:0 }
      trusted_proxies: [\(trusted)]
      workers: 1
      listeners:
        - { name: ingress, address: "127.0.0.1:0", routes: [{ match: { prefix: / }, upstream: service }] }
      upstreams: { service: { endpoints: ["127.0.0.1:\(endpoint.port)"] } }
      """
    }
    let proxy = try RunningProxy(yaml("127.0.0.0/8"))
    let socket = try BlockingSocket.connect(port: proxy.port)
    let request = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n"
    try socket.send(request)
    #expect(try socket.receiveMessage().contains("X-Forwarded-For: 6.6.6.6, 127.0.0.1"))
    try proxy.rewrite(yaml("192.0.2.0/24"))
    proxy.plane.reload()
    let isLoaded = try proxy.eventually { try proxy.metric("weir_config_reloads_total") >= 1 }
    #expect(isLoaded)
    try socket.send(request)
    #expect(try socket.receiveMessage().contains("x-forwarded-for: 127.0.0.1"))
    socket.close()
    #expect(proxy.stop())
  }

  /// RFC 9110 §7.6.2: one less at each proxy, and none goes further with 0.
  @Test func countsForwards() throws {
    let endpoint = try ScriptedEndpoint.answering { request in
      "HTTP/1.1 200 OK\r\nContent-Length: \(request.utf8.count)\r\n\r\n\(request)"
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    func ask(_ method: String, _ count: Int) throws -> String {
      try proxy.exchange(
        "\(method) / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nMax-Forwards: \(count)\r\n\r\n")
    }
    #expect(try ask("OPTIONS", 3).contains("Max-Forwards: 2\r\n"))
    #expect(try ask("GET", 3).contains("Max-Forwards: 3\r\n"))
    #expect(try proxy.metric("weir_upstream_attempts_total{upstream=\"service\"}") == 2)
    #expect(try ask("OPTIONS", 0).hasPrefix("HTTP/1.1 200 "))
    #expect(try ask("TRACE", 0).hasPrefix("HTTP/1.1 501 "))
    #expect(try proxy.metric("weir_upstream_attempts_total{upstream=\"service\"}") == 2)
    #expect(proxy.stop())
  }
}
