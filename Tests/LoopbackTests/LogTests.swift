import Foundation
import Glibc
import Testing
import WeirTesting

/// Logs that nobody reads or that cannot be written.
@Suite(.serialized)
struct LogTests {
  private static let answer = "    routes: [{ match: { prefix: / }, respond: { body: here } }]"
  private static let dropped = "weir_access_log_lines_dropped_total"

  private func proxy(log: String) throws -> RunningProxy {
    try RunningProxy(
      """
      workers: 1
      admin: { address: 127.0.0.1:0 }
      drain: { delay: 0s, timeout: 5s }
      telemetry: { access_log: { path: \(log) } }
      listeners:
        - { name: ingress, address: "127.0.0.1:0", routes: [{ match: { prefix: / }, respond: { body: here } }] }
      """)
  }

  @Test func countsLinesThatCannotBeWritten() throws {
    let proxy = try proxy(log: "/dev/full")
    for _ in 0..<5 { #expect(try proxy.get("/").hasSuffix("here")) }
    #expect(try proxy.eventually { try proxy.metric(Self.dropped) == 5 })
    #expect(try proxy.metric("weir_access_log_write_failures_total") >= 1)
    #expect(proxy.stop())
  }

  /// Nobody reads: it starts, serves, and ends although more waits than the FIFO takes.
  @Test func aFIFOWithoutAReaderHoldsNothingUp() throws {
    let path = NSTemporaryDirectory() + "weir-fifo-\(UUID().uuidString)"
    // SAFETY: the path lives through the call.
    let made = unsafe mkfifo(path, 0o600)
    #expect(made == 0)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let proxy = try proxy(log: path)
    let socket = try BlockingSocket.connect(port: proxy.port)
    let target = String(repeating: "a", count: 900)
    for _ in 0..<200 {
      try socket.send("GET /\(target) HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try socket.receive(until: "here").hasPrefix("HTTP/1.1 200 "))
    }
    socket.close()
    #expect(proxy.stop())
  }

  // MARK: Weir's own log

  /// A level that changes is said, a request that ends is a line at debug and none above it, and
  /// SIGUSR1 leaves a trace.
  @Test(arguments: ["logfmt", "json"]) func itsOwnLogSaysWhatItIsAsked(format: String) throws {
    let weir = try WeirProcess { folder in
      Self.answer
        + "\ntelemetry: { log: { format: \(format) }, access_log: { path: \(folder)/access } }"
    }
    func has(_ all: String...) -> Bool {
      Patience.waits {
        weir.log.split(separator: "\n").contains { line in all.allSatisfy(line.contains) }
      }
    }
    func pair(_ name: String, _ value: String) -> String {
      format == "json" ? "\"\(name)\":\"\(value)\"" : "\(name)=\(value)"
    }
    #expect(try weir.ask(weir.port, "/quiet").hasSuffix("here"))
    try weir.setLogLevel("debug")
    #expect(has("the log level has changed", pair("from", "info"), pair("to", "debug")))
    #expect(try weir.ask(weir.port, "/seen").hasSuffix("here"))
    #expect(
      has(
        "a request has ended", pair("path", "/seen"), pair("status", "200"),
        pair("level", "debug"), pair("listener", "ingress")), "\(weir.log)")
    #expect(!weir.log.contains("/quiet"))
    try weir.setLogLevel("warning")
    #expect(has("the log level has changed", pair("to", "warning")))
    let count = weir.log.components(separatedBy: "a request has ended").count
    #expect(try weir.ask(weir.port, "/unseen").hasSuffix("here"))
    try weir.setLogLevel("info")
    weir.signal(SIGUSR1)
    #expect(has("the access log was opened anew", pair("path", "\(weir.folder)/access")))
    #expect(weir.log.components(separatedBy: "a request has ended").count == count)
    // Time, level and message come first in every line.
    for line in weir.log.split(separator: "\n") {
      if format == "json" {
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        #expect(object?["msg"] is String && object?["level"] is String, "\(line)")
        #expect(line.hasPrefix("{\"time\":\"20"))
      } else {
        #expect(
          line.contains(#/^time=20\S+Z level=[a-z]+ msg=("([^"\\]|\\.)*"|\S+)( [a-z_]+=|$)/#),
          "\(line)")
      }
    }
    weir.signal(SIGTERM)
    #expect(weir.wait() == 0)
  }

  /// Chosen fields stand in the line, what holds credentials cannot be chosen, and a client's bytes
  /// cannot end it.
  @Test func chosenFieldsAreLogged() throws {
    let path = NSTemporaryDirectory() + "weir-fields-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let endpoint = try ScriptedEndpoint.answering { _ in
      "HTTP/1.1 200 OK\r\nX-Pharmacy: p-7\r\nContent-Length: 2\r\n\r\nok"
    }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      top: """
        telemetry:
          instance: pod-7
          access_log: { path: \(path), request_headers: [X-Tenant, x-none], response_headers: [x-pharmacy] }
        """)
    let long = String(repeating: "y", count: 4000)
    _ = try proxy.get("/", headers: "X-Tenant: a\"b\\\t\(long)\r\nAuthorization: Bearer s3cret\r\n")
    _ = try proxy.get("/nothing")
    #expect(proxy.stop())
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let lines = try text.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(lines.count == 2 && !text.contains("s3cret"))
    let fields = lines[0]["request_headers"] as? [String: String]
    #expect(fields?.keys.sorted() == ["x-tenant"])
    #expect(fields?["x-tenant"]?.hasPrefix("a\"b\\\t") == true && fields?["x-tenant"]?.count == 128)
    #expect((lines[0]["response_headers"] as? [String: String]) == ["x-pharmacy": "p-7"])
    #expect(lines[0]["instance"] as? String == "pod-7")
    #expect(lines[0]["client_port"] as? Int ?? 0 > 0)
    #expect((lines[0]["span_id"] as? String)?.count == 16)
    let (start, end) = (lines[0]["start_time"] as? String, lines[0]["time"] as? String)
    #expect(start ?? "z" <= end ?? "")
    #expect((lines[1]["request_headers"] as? [String: String]) == [:])
  }

  /// What the log shows of an answer is that of the last attempt, if it had any.
  @Test func fieldsOfAnAnswerThatWasGivenUpAreNotLogged() throws {
    let path = NSTemporaryDirectory() + "weir-fields-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let endpoint = try ScriptedEndpoint { connection, number in
      _ = try connection.receiveMessage()
      if number == 0 {
        try connection.send(
          "HTTP/1.1 200 OK\r\nX-Pharmacy: p-7\r\nTransfer-Encoding: chunked\r\n\r\nZZZ")
      }
      connection.close()
    }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      routes: "[{ match: { prefix: / }, upstream: service, retry: { on: [5xx] } }]",
      top: "telemetry: { access_log: { path: \(path), response_headers: [x-pharmacy] } }")
    #expect(try proxy.get("/").hasPrefix("HTTP/1.1 502 "))
    #expect(proxy.stop())
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text.contains("\"attempts\":2") && text.contains("upstream_closed"), "\(text)")
    #expect(!text.contains("p-7"), "\(text)")
  }

  /// Standard error is a pipe that is full: probes are answered, and SIGTERM ends it.
  @Test func aFullLogPipeHoldsNothingUp() throws {
    let weir = try WeirProcess(logsTo: .fullPipe) { _ in Self.answer }
    for _ in 0..<20 { weir.signal(SIGHUP) }
    #expect(try weir.ask(weir.adminPort, "/livez").hasPrefix("HTTP/1.1 200 "))
    #expect(try weir.ask(weir.port, "/").hasSuffix("here"))
    weir.signal(SIGTERM)
    #expect(weir.wait() == 0)
  }
}
