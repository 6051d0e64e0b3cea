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
