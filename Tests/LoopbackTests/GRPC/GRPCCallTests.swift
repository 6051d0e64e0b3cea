import Foundation
import Testing
import WeirTesting

/// Calls of gRPC by a real client, to a service that speaks HTTP/1.1 with trailers, and what is told of
/// how they ended.
@Suite(.serialized)
struct GRPCCallTests {
  private static let head =
    "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n"

  /// A message as a chunk: not compressed, its length, its bytes.
  private static func message(_ text: String) -> String {
    let length = Character(Unicode.Scalar(UInt8(text.utf8.count)))
    return "\(String(text.utf8.count + 5, radix: 16))\r\n\0\0\0\0\(length)\(text)\r\n"
  }

  private static func end(_ status: String) -> String { "0\r\n\(status)\r\n\r\n" }

  /// Answers each call by its method.
  private static func service() throws -> ScriptedEndpoint {
    try ScriptedEndpoint { connection, _ in
      while true {
        let first = try connection.receive(until: "one")
        if first.isEmpty { return }
        if first.contains("/test.Echo/Both") {
          try connection.send(head + message("got one"))
          let rest = try connection.receive(until: "\r\n0\r\n\r\n")
          try connection.send(
            message(rest.contains("two") ? "got two" : "lost") + end("grpc-status: 0"))
          continue
        }
        if !first.contains("0\r\n\r\n") { _ = try connection.receive(until: "0\r\n\r\n") }
        let messages =
          first.contains("/test.Echo/Server")
          ? (1...3).map { message("part \($0)") }.joined() : message("all")
        try connection.send(head + messages + end("grpc-status: 0\r\nx-sum: 7"))
      }
    }
  }

  @Test(arguments: [
    ("Unary", "OK - all\nx-sum: 7\n"), ("Server", "OK - part 1 part 2 part 3\nx-sum: 7\n"),
    ("Client", "OK - all\nx-sum: 7\n"), ("Both", "OK - got one got two\n"),
  ])
  func allKindsOfCalls(kind: String, wanted: String) throws {
    let endpoint = try Self.service()
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    #expect(try GRPCClient.call(proxy, kind) == wanted)
    #expect(try counted(proxy, "OK") == 1)
    #expect(proxy.stop())
  }

  private func counted(_ proxy: RunningProxy, _ status: String) throws -> Double {
    try proxy.metric(
      "weir_grpc_requests_total{listener=\"ingress\",route=\"1\",upstream=\"service\",grpc_status=\"\(status)\"}"
    )
  }

  /// In trailers, in a head alone, as no status of gRPC's, and by the status of HTTP where there is
  /// none; the first two are told to the client as they came.
  @Test(arguments: [
    (head + end("GRPC-Status:  9\r\ngrpc-message: not%20yet"), "FAILED_PRECONDITION not yet"),
    (
      "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nGrpc-Status: 5\r\ngrpc-message: gone\r\n"
        + "Content-Length: 0\r\n\r\n", "NOT_FOUND gone"
    ),
    (head + end("grpc-status: 99"), "OTHER"), (head + end("grpc-status: 4294967296"), "OTHER"),
    (head + end("grpc-status: x"), "OTHER"),
    ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "UNIMPLEMENTED"),
    (head + end("x-other: 1"), "UNKNOWN"),
  ])
  func howItEndedIsCountedAndLogged(answer: String, wanted: String) throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receive(until: "one")
      try connection.send(answer)
      _ = try? connection.receiveAll()
    }
    let path = NSTemporaryDirectory() + "weir-\(UUID().uuidString).log"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], top: "telemetry: { access_log: { path: \(path) } }")
    let said = try GRPCClient.call(proxy)
    let status = String(wanted.prefix { $0 != " " })
    if wanted.contains(" ") { #expect(said.hasPrefix(wanted + "\n"), "\(said)") }
    #expect(try counted(proxy, status) == 1)
    #expect(proxy.stop())
    let log = try String(contentsOfFile: path, encoding: .utf8)
    #expect(log.contains("\"grpc_status\":\"\(status)\""), "\(log)")
  }

  /// The service fails in a status of its own: that is worth explaining.
  @Test func aFailureOfTheServiceIsExplained() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receive(until: "one")
      try connection.send(Self.head + Self.end("grpc-status: 13"))
      _ = try? connection.receiveAll()
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    #expect(try GRPCClient.call(proxy).hasPrefix("INTERNAL"))
    let list = try proxy.admin("/explain")
    #expect(list.contains("the service answered INTERNAL"), "\(list)")
    #expect(proxy.stop())
  }

  /// An ordinary request has neither series nor field.
  @Test func othersAreNoCalls() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in
      "HTTP/1.1 200 OK\r\nGrpc-Status: 5\r\nContent-Length: 0\r\n\r\n"
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    #expect(try proxy.get("/").hasPrefix("HTTP/1.1 200 "))
    #expect(try !proxy.admin("/metrics").contains("weir_grpc_requests_total"))
    #expect(proxy.stop())
  }

  /// A real client and a real server, over HTTP/2 on both sides: a call that fails ends with the status, the
  /// text and the trailers of the server.
  @Test(arguments: [
    ("Unary", "OK - got one\n"), ("Server", "OK - onea oneb onec\n"), ("Client", "OK - one+two\n"),
    ("Both", "OK - got one got two\n"), ("Fail", "FAILED_PRECONDITION no stock\nx-why: empty\n"),
    ("Missing", "UNIMPLEMENTED Method not found!\n"),
  ])
  func aRealServerIsAskedOverHTTP2(kind: String, wanted: String) throws {
    let server = try GRPCServer()
    defer { server.stop() }
    let proxy = try RunningProxy(endpoints: [server.port], upstream: "protocol: http2")
    let said = try GRPCClient.call(proxy, kind)
    // A head alone is all trailers to the client, so that ours are among them.
    for line in wanted.split(separator: "\n") { #expect(said.contains("\(line)\n"), "\(said)") }
    #expect(!said.contains("content-length"))
    let status = wanted.split(separator: " ")[0]
    #expect(try counted(proxy, "\(status)") == 1)
    #expect(proxy.stop())
  }

  /// The verdict of a call falls at its trailers: a service that answers UNAVAILABLE opens its breaker, and one
  /// that refuses what it is asked does not.
  @Test(arguments: [
    ("14", "UNAVAILABLE", "", true), ("9", "FAILED_PRECONDITION", "", false),
    ("14", "UNAVAILABLE", "failures: { grpc: [failed_precondition] }, ", false),
    ("9", "FAILED_PRECONDITION", "failures: { grpc: [failed_precondition] }, ", true),
  ])
  func aBreakerJudgesByTheTrailers(code: String, name: String, failures: String, opens: Bool) throws
  {
    let endpoint = try ScriptedEndpoint { connection, _ in
      while true {
        if try connection.receive(until: "0\r\n\r\n").isEmpty { return }
        try connection.send(Self.head + Self.message("a") + Self.end("grpc-status: \(code)"))
      }
    }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      upstream:
        "circuit_breaker: { \(failures)consecutive_failures: 4, open_for: 60s, recovery: off }")
    for _ in 0..<4 { #expect(try GRPCClient.call(proxy).hasPrefix("\(name) ")) }
    let next = try GRPCClient.call(proxy)
    #expect(next.contains("circuit_open") == opens, "\(next)")
    #expect(proxy.stop())
  }
}
