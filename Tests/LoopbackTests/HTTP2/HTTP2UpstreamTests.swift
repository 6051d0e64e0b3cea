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
    try proxy.curl(client.rawValue, path, more)
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
    let sent = try RunningProxy.body(2_000_000)
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
    let sent = try RunningProxy.body(1600)
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

  // MARK: An endpoint by hand

  /// An endpoint that answers each HEADERS frame by `answer`, which gets its stream and what the connection
  /// is told before.
  private func byHand(
    _ answer: @escaping @Sendable (inout HTTP2Frames, UInt32, Int) -> Void
  ) throws -> ScriptedEndpoint {
    try ScriptedEndpoint { connection, number in
      var greeting = HTTP2Frames()
      greeting.settings()
      try connection.send(greeting.bytes)
      var bytes = [UInt8]()
      var skipped = 24
      while true {
        let more = try connection.receive()
        if more.isEmpty { return }
        bytes += more
        if bytes.count < skipped { continue }
        bytes.removeFirst(skipped)
        skipped = 0
        while bytes.count >= 9 {
          let length = bytes.prefix(3).reduce(0) { $0 << 8 | Int($1) }
          guard bytes.count >= 9 + length else { break }
          let stream = bytes[5..<9].reduce(0) { $0 << 8 | UInt32($1) }
          let isHead = bytes[3] == 1
          bytes.removeFirst(9 + length)
          guard isHead else { continue }
          var frames = HTTP2Frames()
          answer(&frames, stream, number)
          try connection.send(frames.bytes)
        }
      }
    }
  }

  private static let fine = [(":status", "200"), ("content-length", "0")]

  /// What an endpoint says that it did not act upon is asked again elsewhere, whatever the method; what it may
  /// have acted upon is not (rule 6).
  @Test(arguments: ["refused", "above a GOAWAY", "reset"])
  func whatWasNotActedUponIsAskedAgain(_ how: String) throws {
    let endpoint = try byHand { frames, stream, number in
      if number > 0 { return frames.head(stream, Self.fine) }
      switch how {
      case "refused": frames.reset(stream, 7)
      case "reset": frames.reset(stream, 2)
      default: frames.frame(7, 0, HTTP2Frames.word(0) + HTTP2Frames.word(0))
      }
    }
    let second = try byHand { frames, stream, _ in frames.head(stream, Self.fine) }
    let near = try RunningProxy(
      endpoints: [endpoint.port, second.port],
      routes:
        "[{ match: { prefix: / }, upstream: service, retry: { on: [reset], attempts: 2 } }]",
      upstream: "protocol: http2")
    let codes = try (0..<2).map { _ in
      try curl(.http1, near, "/", ["-o", "/dev/null", "-w", "%{http_code}", "-d", "dose"])
    }.sorted()
    #expect(codes == (how == "reset" ? ["200", "502"] : ["200", "200"]), "\(how)")
    #expect(near.stop())
  }

  /// What an endpoint gets wrong is its failure, by name, and the others on the connection go on.
  @Test func aMalformedAnswerIsRefused() throws {
    let endpoint = try byHand { frames, stream, _ in
      frames.head(
        stream, stream == 1 ? [(":status", "200"), ("connection", "close")] : Self.fine)
    }
    let near = try RunningProxy(endpoints: [endpoint.port], upstream: "protocol: http2")
    let answer = try curl(.http1, near, "/", ["-i"])
    #expect(answer.hasPrefix("HTTP/1.1 502 "), "\(answer)")
    #expect(answer.contains("malformed_response: connection_specific_field"), "\(answer)")
    #expect(try curl(.http1, near, "/", ["-o", "/dev/null", "-w", "%{http_code}"]) == "200")
    #expect(
      try near.metric(
        "weir_parser_rejections_total{message=\"response\",fault=\"connection_specific_field\"}")
        == 1)
    #expect(
      try near.metric("weir_upstream_connections_opened_total{upstream=\"service\"}") == 1)
    #expect(near.stop())
  }

  /// HTTP/1.1 where HTTP/2 was to be spoken.
  @Test func anEndpointOfHTTP1IsNamed() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receive()
      try connection.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    }
    let near = try RunningProxy(endpoints: [endpoint.port], upstream: "protocol: http2")
    let answer = try curl(.http1, near, "/", ["-i"])
    #expect(answer.hasPrefix("HTTP/1.1 502 "), "\(answer)")
    #expect(try curl(.http1, near, "/alive") == "alive")
    #expect(near.stop())
  }

  /// A limit of connections: whoever waits gets a place on the one that is there.
  @Test func whoWaitsGetsAPlace() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    }
    let pair = try Pair(endpoint.port, upstream: "limits: { connections: 1 }")
    let said = try Command.run(
      "h2load", ["-n", "1000", "-c", "8", "-m", "40", "http://127.0.0.1:\(pair.near.port)/"])
    #expect(said.contains("1000 succeeded, 0 failed, 0 errored"), "\(said)")
    #expect(
      try pair.near.metric("weir_upstream_connections_opened_total{upstream=\"service\"}") == 1)
    #expect(pair.stop())
  }

  // MARK: By agreement

  /// `auto` over TLS: HTTP/2 where the endpoint offers it, HTTP/1.1 where it does not, and for an upgrade.
  @Test func whatIsSpokenIsAgreedOn() throws {
    let peers = try TestPeers()
    let endpoint = try ScriptedEndpoint { connection, _ in
      while true {
        let request = try connection.receiveMessage()
        if request.isEmpty { return }
        guard request.lowercased().contains("upgrade: websocket") else {
          try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
          continue
        }
        try connection.send(
          "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nhello")
        _ = try connection.receive()
        return
      }
    }
    let far = try RunningProxy(
      endpoints: [endpoint.port], listener: "tls: \(peers.authority.keys(peers.server))")
    let tls =
      "tls: { trust: \(peers.authority.bundle), certificate: \(peers.client.certificate), key: \(peers.client.key), spiffe_id: spiffe://ndp.test/* }"
    func streams() throws -> Double { try far.metric("weir_downstream_http2_streams_total") }
    for (spoken, wanted) in [("auto", 3.0), ("http1", 0), ("http2", 3)] {
      let near = try RunningProxy(
        endpoints: [far.port], upstream: "\(tls)\n    protocol: \(spoken)")
      let before = try streams()
      for _ in 0..<3 { #expect(try curl(.http1, near, "/") == "ok") }
      #expect(try streams() - before == wanted, "\(spoken)")
      if spoken == "auto" {
        let socket = try BlockingSocket.connect(port: near.port)
        try socket.send(
          "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        #expect(try socket.receive(until: "hello").hasPrefix("HTTP/1.1 101 "))
        socket.close()
        #expect(try curl(.http1, near, "/again") == "ok")
        #expect(try streams() - before == wanted + 1)
      }
      #expect(near.stop())
    }
    #expect(far.stop())
  }
}
