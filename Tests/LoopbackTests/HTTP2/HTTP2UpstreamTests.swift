import Foundation
import Testing
import WeirTesting

/// Endpoints that speak HTTP/2: a second Weir, which speaks it to its clients, and one by hand.
@Suite(.serialized)
struct HTTP2UpstreamTests {
  /// `client ─▶ near ─HTTP/2▶ far ─HTTP/1.1▶ endpoint`.
  private struct Pair {
    let near: RunningProxy
    let far: RunningProxy

    init(_ endpoint: UInt16, routes: String? = nil, upstream: String = "") throws {
      far = try RunningProxy(endpoints: [endpoint])
      near = try RunningProxy(
        endpoints: [far.port],
        routes: routes ?? "[{ match: { prefix: / }, upstream: service }]",
        upstream: "protocol: http2\n    \(upstream)")
    }

    func stop() -> Bool {
      let isNearStopped = near.stop()
      return far.stop() && isNearStopped
    }
  }

  enum Client: String, CaseIterable, Sendable {
    case http1 = "--http1.1"
    case http2 = "--http2-prior-knowledge"
  }

  private func curl(
    _ client: Client, _ proxy: RunningProxy, _ path: String, _ more: [String] = []
  ) throws -> String {
    try Command.run(
      "curl",
      ["-s", "-m", "60", client.rawValue] + more
        + ["http://127.0.0.1:\(proxy.port)\(path)"])
  }

  private func file(_ bytes: Int) throws -> URL {
    let url = URL(filePath: NSTemporaryDirectory() + "weir-\(UUID().uuidString).body")
    let line = "0123456789abcde\n"
    try Data(String(repeating: line, count: bytes / line.utf8.count).utf8).write(to: url)
    return url
  }

  @Test(arguments: Client.allCases) func aGetHasItsAnswer(_ client: Client) throws {
    let endpoint = try ScriptedEndpoint.answering { request in
      "HTTP/1.1 200 Fine\r\nX-Tenant: Cairo\r\nContent-Length: \(request.utf8.count)\r\n\r\n\(request)"
    }
    let pair = try Pair(endpoint.port)
    let answer = try curl(client, pair.near, "/a?b=c", ["-i", "-H", "X-Mine: 1", "-A", "me"])
    #expect(answer.contains("200") && answer.lowercased().contains("\r\nx-tenant: cairo\r\n"))
    #expect(answer.contains("GET /a?b=c HTTP/1.1\r\n"), "\(answer)")
    #expect(answer.contains("host: 127.0.0.1:\(pair.near.port)\r\n"))
    #expect(answer.contains("x-mine: 1\r\n") && answer.contains("user-agent: me\r\n"))
    #expect(try pair.far.metric("weir_downstream_http2_connections_total") == 1)
    for _ in 0..<3 { #expect(try curl(client, pair.near, "/").contains("GET / HTTP/1.1")) }
    #expect(try pair.far.metric("weir_downstream_http2_connections_total") == 1)
    #expect(try pair.far.metric("weir_downstream_http2_streams_total") == 4)
    #expect(
      try pair.near.metric("weir_upstream_connections_opened_total{upstream=\"service\"}") == 1)
    #expect(pair.stop())
  }

  @Test(arguments: Client.allCases) func headsWithoutPayload(_ client: Client) throws {
    let endpoint = try ScriptedEndpoint.answering { request in
      if request.hasPrefix("HEAD") { return "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n" }
      if request.contains("/204") { return "HTTP/1.1 204 No Content\r\n\r\n" }
      if request.contains("/304") { return "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n" }
      return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    }
    let pair = try Pair(endpoint.port)
    #expect(try curl(client, pair.near, "/", ["-I"]).lowercased().contains("content-length: 12"))
    for (path, status) in [("/204", "204"), ("/304", "304"), ("/", "200")] {
      let answer = try curl(client, pair.near, path, ["-i"])
      #expect(answer.split(separator: "\r\n")[0].contains(status), "\(answer)")
    }
    #expect(try curl(client, pair.near, "/", ["-i"]).contains("content-length: 0"))
    #expect(try pair.far.metric("weir_downstream_http2_connections_total") == 1)
    #expect(pair.stop())
  }

  /// Bodies that are many windows long, both ways, with a length and without one.
  @Test(arguments: Client.allCases, [false, true])
  func bodiesLargerThanTheWindows(_ client: Client, isStreamed: Bool) throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      let request =
        isStreamed
        ? try connection.receive(until: "\r\n0\r\n\r\n") : try connection.receiveMessage()
      let body = request[(request.firstRange(of: "\r\n\r\n")?.upperBound ?? request.endIndex)...]
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }
    let pair = try Pair(endpoint.port)
    let sent = try file(2_000_000)
    defer { try? FileManager.default.removeItem(at: sent) }
    let how = isStreamed ? "-X POST -T -" : "--data-binary @-"
    let got = try Command.run(
      "sh",
      [
        "-c",
        "curl -s -m 60 \(client.rawValue) \(how) http://127.0.0.1:\(pair.near.port)/ <\(sent.path)",
      ])
    let wanted = try String(contentsOf: sent, encoding: .utf8)
    // A streamed body comes in chunks, whose framing the service here echoes.
    #expect(isStreamed ? got.utf8.count > wanted.utf8.count : got == wanted)
    #expect(pair.stop())
  }

  @Test func trailersBothWays() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receive(until: "\r\nx-sum: 7\r\n\r\n")
      try connection.send(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-End\r\n\r\n"
          + "2\r\nok\r\n0\r\nX-End: 9\r\n\r\n")
      _ = try connection.receive()
    }
    let pair = try Pair(endpoint.port)
    let sent = try file(1600)
    defer { try? FileManager.default.removeItem(at: sent) }
    let said = try Command.run(
      "nghttp",
      ["-v", "-t", "30", "-d", sent.path, "--no-content-length", "--trailer", "x-sum: 7"]
        + ["http://127.0.0.1:\(pair.near.port)/"])
    #expect(said.contains("x-end: 9"), "\(said)")
    #expect(pair.stop())
  }

  /// Several interim heads come in one piece with the final one.
  @Test(arguments: Client.allCases) func interimHeadsComeBeforeTheAnswer(_ client: Client) throws {
    let endpoint = try ScriptedEndpoint.answering { _ in
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </b>\r\n\r\n"
        + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    }
    let pair = try Pair(endpoint.port)
    let answer = try curl(client, pair.near, "/", ["-i"])
    let lower = answer.lowercased()
    #expect(lower.contains("link: </a>") && lower.contains("link: </b>"), "\(answer)")
    #expect(answer.hasSuffix("\r\n\r\nok"))
    #expect(pair.stop())
  }

  /// Fifty requests at once share a connection, and those that came while it was opened waited for it.
  @Test func manyStreamsShareAConnection() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    }
    let pair = try Pair(endpoint.port)
    let said = try Command.run(
      "h2load", ["-n", "500", "-c", "5", "-m", "10", "http://127.0.0.1:\(pair.near.port)/"])
    #expect(said.contains("500 succeeded, 0 failed, 0 errored"), "\(said)")
    #expect(
      try pair.near.metric("weir_upstream_connections_opened_total{upstream=\"service\"}") == 1)
    #expect(try pair.far.metric("weir_downstream_http2_streams_total") == 500)
    #expect(pair.stop())
  }

  /// An answer that is cut off reaches no client as a whole one.
  @Test(arguments: Client.allCases) func anAnswerThatIsCutIsReset(_ client: Client) throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    }
    let pair = try Pair(endpoint.port)
    let code = try Command.run(
      "sh",
      [
        "-c",
        "curl -s -m 30 \(client.rawValue) http://127.0.0.1:\(pair.near.port)/ >/dev/null; echo $?",
      ])
    #expect(code.trimmingCharacters(in: .whitespacesAndNewlines) != "0")
    #expect(try curl(client, pair.near, "/alive") == "alive")
    #expect(pair.stop())
  }

  /// An endpoint that closes or restarts: the next request opens a connection anew.
  @Test func aConnectionThatEndedIsReplaced() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    }
    let far = try RunningProxy(
      endpoints: [endpoint.port], listener: "limits: { requests_per_connection: 2 }")
    let near = try RunningProxy(endpoints: [far.port], upstream: "protocol: http2")
    for _ in 0..<6 { #expect(try curl(.http1, near, "/") == "ok") }
    #expect(try far.metric("weir_downstream_http2_connections_total") == 3)
    #expect(near.stop())
    #expect(far.stop())
  }
}
