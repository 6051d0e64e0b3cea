import ControlPlane
import Foundation
import Primitives
import Testing
import WeirTesting

/// What an upstream's heads may hold, interim ones and what stands around chunks included.
@Suite(.serialized)
struct AnswerHeadTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
  private static let hint = "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"

  /// RFC 9110 §15.2 allows any number.
  @Test(arguments: [20, 500]) func passesManyInterimAnswers(count: Int) throws {
    let endpoint = try ScriptedEndpoint.answering { _ in
      String(repeating: Self.hint, count: count) + Self.ok
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try proxy.get("/")
    #expect(answer.components(separatedBy: "HTTP/1.1 103 ").count == count + 1)
    #expect(answer.contains("HTTP/1.1 200 ") && answer.hasSuffix("ok"))
    // A client of HTTP/1.0 is shown none (§15.2), and gets its answer.
    let old = try proxy.exchange("GET / HTTP/1.0\r\n\r\n")
    #expect(old.hasPrefix("HTTP/1.1 200 ") && old.hasSuffix("ok"))
    #expect(proxy.stop())
  }

  /// A flood is told by its bytes, or by the time until the final head.
  @Test(arguments: [
    ("", FailureKind.malformedResponse), ("timeout: 200ms", .requestTimeout),
  ])
  func endsAFlood(route: String, kind: FailureKind) throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      if route.isEmpty { while true { try connection.send(Self.hint) } }
      try connection.send(Self.hint)
      _ = try connection.receiveAll()
    }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      routes: "[{ match: { prefix: / }, upstream: service\(route.isEmpty ? "" : ", \(route)") }]")
    let answer = try proxy.get("/")
    #expect(answer.contains("HTTP/1.1 103 ") && answer.contains("HTTP/1.1 \(kind.row.status) "))
    #expect(answer.contains("too_many_interim") == route.isEmpty)
    try proxy.expectCounted(kind, Int(kind.row.status))
    #expect(proxy.stop())
  }

  /// Each attempt may send as many interim heads: what one has sent is no flood of the next.
  @Test func countsInterimHeadsAnAnswer() throws {
    let endpoint = try ScriptedEndpoint { connection, number in
      _ = try connection.receiveMessage()
      try connection.send(String(repeating: Self.hint, count: 400) + (number > 0 ? Self.ok : ""))
      connection.close()
    }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      routes: "[{ match: { prefix: / }, upstream: service, retry: { on: [reset] } }]",
      upstream: "limits: { response_head: 2KiB }")
    let answer = try proxy.get("/")
    #expect(answer.components(separatedBy: "HTTP/1.1 103 ").count == 801)
    #expect(answer.contains("HTTP/1.1 200 ") && answer.hasSuffix("ok"))
    #expect(proxy.stop())
  }

  /// The listener's keys, for the other side.
  @Test(arguments: [
    ("limits: { response_head: 2KiB }", "X: \(String(repeating: "x", count: 3000))\r\n"),
    ("limits: { fields: 3 }", String(repeating: "X: y\r\n", count: 4)),
  ])
  func capsHeadsAsConfigured(limits: String, fields: String) throws {
    let endpoint = try ScriptedEndpoint.answering { _ in
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\(fields)\r\n"
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port], upstream: limits)
    try proxy.expectAnswered(try proxy.get("/"), as: .responseHeadTooLarge)
    let wide = try RunningProxy(
      endpoints: [endpoint.port], upstream: "limits: { response_head: 60KiB, fields: 1000 }")
    #expect(try wide.get("/").hasPrefix("HTTP/1.1 200 "))
    #expect(proxy.stop() && wide.stop())
  }

  /// More fields than the default lets through.
  @Test func letsMoreFieldsPassAsConfigured() throws {
    let fields = (0..<300).map { "X-\($0): y\r\n" }.joined()
    let endpoint = try ScriptedEndpoint.answering { _ in
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\(fields)\r\n"
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port], upstream: "limits: { fields: 400 }")
    #expect(try proxy.get("/").contains("X-299: y\r\n"))
    #expect(proxy.stop())
  }

  /// A reload reaches connections that are open.
  @Test func capsKeptConnectionsAfterAReload() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\nok"
    }
    func yaml(_ fields: Int) -> String {
      """
      admin: { address: 127.0.0.1:0 }
      workers: 1
      listeners:
        - { name: ingress, address: "127.0.0.1:0", routes: [{ match: { prefix: / }, upstream: service }] }
      upstreams:
        service: { endpoints: ["127.0.0.1:\(endpoint.port)"], timeouts: { pool_idle: 10m }, limits: { fields: \(fields) } }
      """
    }
    let proxy = try RunningProxy(yaml(4))
    #expect(try proxy.get("/").hasPrefix("HTTP/1.1 200 "))
    try proxy.rewrite(yaml(3))
    proxy.plane.reload()
    let isRefused = try proxy.eventually { try proxy.get("/").hasPrefix("HTTP/1.1 502 ") }
    #expect(isRefused)
    #expect(try proxy.opened() == 1)
    #expect(proxy.stop())
  }

  /// 40 MB around 40 kB do not pass, either way (CVE-2023-39326).
  @Test func capsWhatStandsAroundChunks() throws {
    let chunk = "1;\(String(repeating: "x", count: 1000))\r\na\r\n"
    let body = String(repeating: chunk, count: 400) + "0\r\n\r\n"
    let endpoint = try ScriptedEndpoint { connection, _ in
      let request = try connection.receive(until: "\r\n\r\n")
      guard request.hasPrefix("GET") else {
        _ = try connection.receiveAll()
        return
      }
      try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(body)")
      _ = try connection.receiveAll()
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    // What has begun is cut off.
    #expect((try? proxy.get("/"))?.hasSuffix("0\r\n\r\n") != true)
    let socket = try BlockingSocket.connect(port: proxy.port)
    try? socket.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(body)")
    let refused = try socket.receive(until: "}\n")
    #expect(refused.hasPrefix("HTTP/1.1 400 ") && refused.contains("chunk_overhead_too_large"))
    for message in ["request_body", "response_body"] {
      #expect(
        try proxy.metric(
          "weir_parser_rejections_total{message=\"\(message)\",fault=\"chunk_overhead_too_large\"}")
          == 1)
    }
    socket.close()
    #expect(proxy.stop())
  }
}
