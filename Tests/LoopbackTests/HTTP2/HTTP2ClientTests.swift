import Foundation
import Testing
import WeirTesting

/// Clients of the world that speak HTTP/2 by prior knowledge (RFC 9113 §3.3), in front of services that
/// speak HTTP/1.1.
@Suite(.serialized)
struct HTTP2ClientTests {
  private func curl(_ proxy: RunningProxy, _ path: String, _ more: [String] = []) throws -> String {
    try proxy.curl("--http2-prior-knowledge", path, more)
  }

  /// What of an answer is about its connection stays there (RFC 9113 §8.2.2).
  @Test func aGetHasItsAnswer() throws {
    let endpoint = try ScriptedEndpoint.answering { request in
      "HTTP/1.1 200 Fine\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n"
        + "X-Tenant: Cairo\r\nContent-Length: \(request.utf8.count)\r\n\r\n\(request)"
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try curl(
      proxy, "/a?b=c", ["-i", "-H", "X-Mine: 1", "-H", "Cookie: a=1; b=2", "-H", "te: trailers"])
    #expect(answer.hasPrefix("HTTP/2 200 \r\n"))
    #expect(answer.contains("\r\nx-tenant: Cairo\r\n"))
    #expect(!answer.contains("x-hop") && !answer.contains("timeout=5"))
    #expect(answer.contains("GET /a?b=c HTTP/1.1\r\n"))
    #expect(answer.contains("host: 127.0.0.1:\(proxy.port)\r\n"))
    #expect(answer.contains("x-mine: 1\r\n") && answer.contains("cookie: a=1; b=2\r\n"))
    #expect(answer.contains("x-forwarded-for: 127.0.0.1\r\n"))
    #expect(try proxy.metric("weir_downstream_http2_connections_total") == 1)
    #expect(try proxy.metric("weir_downstream_http2_streams_total") == 1)
    #expect(try proxy.counted("none", 200) == 1)
    #expect(proxy.stop())
  }

  /// Bodies that are many windows long, both ways, with a length and without one.
  @Test(arguments: [false, true]) func bodiesLargerThanTheWindows(isStreamed: Bool) throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      let request =
        isStreamed
        ? try connection.receive(until: "\r\n0\r\n\r\n") : try connection.receiveMessage()
      let body = request[(request.firstRange(of: "\r\n\r\n")?.upperBound ?? request.endIndex)...]
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let sent = try RunningProxy.body(2_000_000)
    defer { try? FileManager.default.removeItem(at: sent) }
    let how =
      isStreamed
      ? ["-X", "POST", "-T", "-"] : ["--data-binary", "@\(sent.path)"]
    let got = try Command.run(
      "sh",
      [
        "-c", "f=$1; shift; exec \"$@\" <\"$f\"", "sh", sent.path, "curl", "-s", "-m", "60",
        "--http2-prior-knowledge",
      ] + how + ["http://127.0.0.1:\(proxy.port)/"])
    let wanted = try String(contentsOf: sent, encoding: .utf8)
    // A streamed body comes in chunks, whose framing the service here echoes.
    #expect(isStreamed ? got.utf8.count > wanted.utf8.count : got == wanted)
    #expect(proxy.stop())
  }

  @Test func trailersBothWays() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      let request = try connection.receive(until: "\r\nx-sum: 7\r\n\r\n")
      #expect(request.contains("transfer-encoding: chunked\r\n"))
      try connection.send(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-End\r\n\r\n"
          + "2\r\nok\r\n0\r\nX-Empty:\r\nX-Close:1\r\nX-Wide:   \r\nX-End: 9\r\n\r\n")
      _ = try connection.receive()
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let sent = try RunningProxy.body(1600)
    defer { try? FileManager.default.removeItem(at: sent) }
    let said = try Command.run(
      "nghttp",
      ["-v", "-t", "30", "-d", sent.path, "--no-content-length", "--trailer", "x-sum: 7"]
        + ["http://127.0.0.1:\(proxy.port)/"])
    #expect(said.contains("x-end: 9"), "\(said)")
    #expect(proxy.stop())
  }

  @Test func aHundredStreamsAtOnce() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let said = try Command.run(
      "h2load", ["-n", "3000", "-c", "3", "-m", "100", "http://127.0.0.1:\(proxy.port)/"])
    #expect(said.contains("3000 succeeded, 0 failed, 0 errored, 0 timeout"), "\(said)")
    #expect(try proxy.counted("none", 200) == 3000)
    #expect(try proxy.metric("weir_requests_active") == 0)
    #expect(proxy.stop())
  }

  @Test func interimAnswersAndHeads() throws {
    let endpoint = try ScriptedEndpoint.answering { request in
      let body = request.hasPrefix("HEAD") ? "" : "hello"
      return "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n"
        + "Content-Length: 5\r\n\r\n" + body
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try curl(proxy, "/", ["-i"])
    #expect(answer.hasPrefix("HTTP/2 103 \r\nlink: </a>\r\n\r\nHTTP/2 200 \r\n"))
    #expect(answer.hasSuffix("hello"))
    let head = try curl(proxy, "/", ["-I"])
    #expect(head.contains("HTTP/2 200 \r\n") && head.contains("content-length: 5\r\n"))
    #expect(proxy.stop())
  }

  @Test func failuresAreToldAsInHTTP1() throws {
    let closed = try PortReservation()
    let proxy = try RunningProxy(endpoints: [closed.port])
    let answer = try curl(proxy, "/", ["-i"])
    #expect(answer.hasPrefix("HTTP/2 502 \r\n"))
    #expect(answer.contains("proxy-status: weir; error=connection_refused"))
    #expect(answer.hasSuffix("{\"error\":\"connect_refused\",\"by\":\"weir\"}\n"))
    #expect(try curl(proxy, "/alive") == "alive")
    #expect(proxy.stop())
  }

  /// A refusal can be found again: its method, target and id are in `/explain`, as in HTTP/1.
  @Test func aRefusedHeadIsKnownByWhatWasRead() throws {
    let proxy = try RunningProxy(endpoints: [9])
    let answer = try curl(proxy, "/rx?id=7", ["-i", "-X", "DELETE", "-H", "content-length: 1a"])
    #expect(answer.hasPrefix("HTTP/2 400 \r\n"))
    let lines = answer.components(separatedBy: "\r\n")
    let id = try #require(lines.first { $0.hasPrefix("x-request-id: ") }).dropFirst(14)
    let told = try proxy.admin("/explain?id=\(id)")
    #expect(told.contains("DELETE") && told.contains("/rx"), "\(told)")
    let headers = try curl(proxy, "/rx", ["-I", "-H", "content-length: 1a"])
    #expect(headers.hasPrefix("HTTP/2 400 \r\n"))
    #expect(proxy.stop())
  }

  /// A body is kept for another attempt, as in HTTP/1.
  @Test func aBodyIsSentAgain() throws {
    let endpoint = try ScriptedEndpoint { connection, number in
      let request = try connection.receiveMessage()
      let body = "\(number):\(request.utf8.count { $0 == 0x0A })"
      try connection.send(
        number == 0
          ? "HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
          : "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      routes: "[{ match: { prefix: / }, upstream: service, retry: { attempts: 2, on: [503] } }]")
    let sent = try RunningProxy.body(48_000)
    defer { try? FileManager.default.removeItem(at: sent) }
    let answer = try curl(proxy, "/", ["-T", sent.path])
    #expect(answer.hasPrefix("1:30"))
    #expect(proxy.stop())
  }

  /// A part is never taken for the whole.
  @Test func anAnswerThatIsCutIsReset() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal")
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let client = try RawClient(port: proxy.port)
    try client.send { $0.request(1) }
    let reset = try client.next { $0.type == 3 }
    #expect(reset?.stream == 1 && reset?.word == 2)
    #expect(!client.frames.contains { $0.isEnd })
    // The others of the connection go on.
    try client.send {
      $0.head(3, HTTP2Frames.pseudo().map { $0.0 == ":path" ? ($0.0, "/alive") : $0 })
    }
    #expect(try client.next { $0.isEnd && $0.stream == 3 } != nil)
    #expect(proxy.stop())
  }
}
