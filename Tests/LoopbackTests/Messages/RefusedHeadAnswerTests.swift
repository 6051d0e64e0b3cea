import Foundation
import Primitives
import Testing
import WeirTesting

/// Heads that are refused leave a trace: in the answer, the log, `/explain` and the metrics.
@Suite(.serialized)
struct RefusedHeadAnswerTests {
  struct Case: Sendable {
    /// Without its empty line.
    var head: String
    var kind: FailureKind
    /// Members of the log line; `path` is what `/explain` shows too.
    var logged: [String]
    var path = "/seen"
  }

  private static let long = String(repeating: "a", count: 9000)
  private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
  private static let known =
    "Host: a.test\r\nX-Request-ID: mine\r\ntraceparent: 00-\(trace)-00f067aa0ba902b7-01\r\n"
    + "User-Agent: me\r\n"

  private static let cases = [
    Case(
      head: "HEAD /seen HTTP/1.1\r\n\(known)Expect: x\r\n", kind: .expectationUnsupported,
      logged: ["\"host\":\"a.test\"", "\"trace_id\":\"\(trace)\"", "\"user_agent\":\"me\""]),
    Case(
      head: "HEAD /seen HTTP/1.1\r\n\(known)bad\r\n", kind: .malformedRequest,
      logged: [
        "\"host\":\"a.test\"", "\"trace_id\":\"\(trace)\"", "\"failure_detail\":\"bad_field_name\"",
      ]),
    Case(
      head: "HEAD /seen HTTP/1.1\r\n\(known)\(String(repeating: "X: y\r\n", count: 120))",
      kind: .requestHeadTooLarge, logged: ["\"failure_detail\":\"too_many_fields\""]),
    Case(
      head: "HEAD /\(long) HTTP/1.1\r\nHost: a.test\r\n", kind: .requestTargetTooLong,
      logged: ["\"failure_detail\":\"target_too_long\""], path: "/aaaaaaaa"),
    Case(
      head: "HEAD /seen HTTP/3.0\r\nHost: a.test\r\n", kind: .versionUnsupported,
      logged: ["\"failure_detail\":\"version_unsupported\""]),
    Case(
      head: "HEAD /seen HTTP/1.1\r\nX-Request-ID: mine\r\n", kind: .malformedRequest,
      logged: ["\"protocol\":\"HTTP/1.1\"", "\"failure_detail\":\"missing_host\""]),
  ]

  /// One proxy with a log, and the lines of that.
  private final class Logged {
    let proxy: RunningProxy
    private let file = NSTemporaryDirectory() + "weir-\(UUID().uuidString).log"

    init(listener: String = "") throws {
      proxy = try RunningProxy(
        endpoints: [1], listener: listener, top: "telemetry: { access_log: { path: \(file) } }")
    }

    deinit { try? FileManager.default.removeItem(atPath: file) }

    /// The line that holds `text`, once it is written.
    func line(with text: String) throws -> String {
      var found = ""
      _ = proxy.eventually {
        let lines = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        found = lines.split(separator: "\n").first { $0.contains(text) }.map(String.init) ?? ""
        return !found.isEmpty
      }
      return found
    }
  }

  /// HEAD is answered without a body as soon as the method was read (RFC 9110 §9.3.2), whatever was
  /// refused behind it.
  @Test(arguments: cases) func tellsWhatWasRead(refused: Case) throws {
    let logged = try Logged()
    let answer = try logged.proxy.exchange(refused.head + "\r\n")
    try logged.proxy.expectAnswered(answer, as: refused.kind, route: "none", upstream: "none")
    #expect(answer.hasSuffix("\r\n\r\n"), "\(answer)")
    let id = try #require(answer.firstMatch(of: /\r\nx-request-id: (\S+)\r\n/)?.1)
    #expect((id == "mine") == refused.head.contains("X-Request-ID: mine"))
    let line = try logged.line(with: "\"request_id\":\"\(id)\"")
    for member in refused.logged + ["\"method\":\"HEAD\"", "\"path\":\"\(refused.path)"] {
      #expect(line.contains(member), "\(line)")
    }
    let text = try logged.proxy.admin("/explain/\(id)")
    #expect(text.contains("request \(id) HEAD \(refused.path)"), "\(text)")
    #expect(text.contains(" \(refused.kind.name)"), "\(text)")
    // The same with GET has its body.
    let get = try logged.proxy.exchange("GET" + refused.head.dropFirst(4) + "\r\n")
    #expect(get.hasSuffix("\"by\":\"weir\"}\n"), "\(get)")
    #expect(logged.proxy.stop())
  }

  /// A head that does not end in time, and one whose client leaves, are told as far as they came.
  @Test func tellsOfHeadsThatDoNotEnd() throws {
    let logged = try Logged(listener: "timeouts: { request_head: 100ms }")
    let slow = try logged.proxy.exchange("HEAD /slow HTTP/1.1\r\nHost: a.test\r\nX-Req")
    try logged.proxy.expectAnswered(
      slow, as: .requestHeadTimeout, route: "none", upstream: "none")
    #expect(slow.hasSuffix("\r\n\r\n"), "\(slow)")
    #expect(
      try logged.line(with: "request_head_timeout").contains(
        "\"method\":\"HEAD\",\"host\":\"a.test\",\"path\":\"/slow\",\"protocol\":\"HTTP/1.1\""))
    let socket = try BlockingSocket.connect(port: logged.proxy.port)
    try socket.send("GET /left")
    socket.close()
    #expect(
      try logged.line(with: "downstream_closed").contains("\"method\":\"GET\",\"path\":\"/left\""))
    #expect(logged.proxy.stop())
  }

  @Test(arguments: [
    ([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03], "tls_client_hello"),
    // Behind an empty line it is no preface, but a line of it all the same.
    (Array("\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8), "http2_preface"),
    (Array("PROXY TCP4 10.0.0.1 10.0.0.2 5 80\r\n".utf8), "proxy_protocol"),
    ([0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A], "proxy_protocol"),
    (Array("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n".utf8), "ssh_banner"),
  ])
  func namesOtherProtocols(bytes: [UInt8], detail: String) throws {
    let logged = try Logged()
    for split in 0..<bytes.count {
      let socket = try BlockingSocket.connect(port: logged.proxy.port)
      try socket.send(Array(bytes[..<split]))
      try? socket.send(Array(bytes[split...]))
      let answer = try socket.receiveAll()
      if detail == "tls_client_hello" {
        // A fatal alert, which a client of TLS understands (RFC 8446 §6.2).
        #expect(Array(answer.utf8) == [21, 3, 1, 0, 2, 2, 40])
      } else {
        #expect(
          answer.hasPrefix("HTTP/1.1 400 ") && answer.contains("malformed_request: \(detail)"))
      }
    }
    #expect(
      try logged.proxy.metric(
        "weir_parser_rejections_total{message=\"request\",fault=\"\(detail)\"}")
        == Double(bytes.count))
    let line = try logged.line(with: "\"failure_detail\":\"\(detail)\"")
    let id = try #require(line.firstMatch(of: /"request_id":"([^"]+)"/)?.1)
    let text = try logged.proxy.admin("/explain/\(id)")
    #expect(text.contains("malformed_request (\(detail))"), "\(text)")
    #expect(logged.proxy.stop())
  }

  /// Real clients that were pointed at the wrong port.
  @Test func namesWhatCurlSpeaks() throws {
    let logged = try Logged()
    for (arguments, detail) in [
      (["-sk", "https://127.0.0.1:\(logged.proxy.port)/"], "tls_client_hello"),
      (["-s", "--haproxy-protocol", "http://127.0.0.1:\(logged.proxy.port)/"], "proxy_protocol"),
    ] {
      _ = try? Command.run("curl", ["-m", "20"] + arguments)
      #expect(try !logged.line(with: "\"failure_detail\":\"\(detail)\"").isEmpty, "\(detail)")
    }
    // As the person sees it who sends a HEAD that is refused.
    let output = try Command.run(
      "curl", ["-sI", "-m", "20", "-H", "Expect: x", "http://127.0.0.1:\(logged.proxy.port)/p"])
    #expect(output.hasPrefix("HTTP/1.1 417 ") && output.contains("x-request-id: "), "\(output)")
    #expect(logged.proxy.stop())
  }

  /// The same of what is behind us: TLS, HTTP/2 or SSH where HTTP/1.1 was expected.
  @Test(arguments: [
    ([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46], "tls_record"),
    ([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100], "http2_frame"),
    (Array("SSH-2.0-OpenSSH_9.2p1\r\n".utf8), "ssh_banner"),
  ])
  func namesWhatEndpointsSpeak(bytes: [UInt8], detail: String) throws {
    let endpoint = try ScriptedEndpoint { connection, number in
      _ = try connection.receiveMessage()
      let split = number % bytes.count
      try connection.send(Array(bytes[..<split]))
      try connection.send(Array(bytes[split...]))
      _ = try connection.receiveAll()
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    for _ in bytes {
      let answer = try proxy.get("/")
      #expect(answer.contains("malformed_response: \(detail)"), "\(answer)")
    }
    #expect(proxy.stop())
  }
}
