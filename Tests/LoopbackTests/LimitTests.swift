import Foundation
import Primitives
import Testing
import WeirTesting

/// Each ceiling: what is answered above it, what is counted, and that it holds for nobody else.
@Suite(.serialized)
struct LimitTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

  /// An endpoint that answers once `release` is signalled, once a request.
  private func held(by release: DispatchSemaphore) throws -> ScriptedEndpoint {
    try ScriptedEndpoint { connection, _ in
      while try !connection.receiveMessage().isEmpty {
        release.wait()
        try connection.send(Self.ok)
      }
    }
  }

  /// A client whose request has reached the endpoint.
  private func inFlight(_ proxy: RunningProxy, attempts: Double = 1) throws -> BlockingSocket {
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send(Self.get)
    #expect(
      try proxy.eventually {
        try proxy.metric("weir_upstream_attempts_total{upstream=\"service\"}") >= attempts
      })
    return socket
  }

  @Test func refusesConnectionsAboveTheLimit() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let proxy = try RunningProxy(endpoints: [endpoint.port], top: "limits: { connections: 1 }")
    let first = try BlockingSocket.connect(port: proxy.port)
    try first.send(Self.get)
    #expect(try first.receive(until: "ok").hasPrefix("HTTP/1.1 200 "))
    let answer = try proxy.get("/")
    #expect(answer.hasPrefix("HTTP/1.1 503 "))
    #expect(
      answer.contains("error=connection_limit_reached; details=\"downstream_connections_exceeded\"")
    )
    #expect(try proxy.metric("weir_downstream_connections_refused_total") == 1)
    try first.send(Self.get)
    #expect(try first.receive(until: "ok").hasPrefix("HTTP/1.1 200 "))
    first.close()
    #expect(try proxy.eventually { try proxy.get("/").hasPrefix("HTTP/1.1 200 ") })
    #expect(proxy.stop())
  }

  @Test func refusesRequestsAboveTheLimit() throws {
    let release = DispatchSemaphore(value: 0)
    let endpoint = try held(by: release)
    let proxy = try RunningProxy(endpoints: [endpoint.port], upstream: "limits: { requests: 1 }")
    let first = try inFlight(proxy)
    try proxy.expectAnswered(
      try proxy.get("/"), as: .requestsExceeded)
    release.signal()
    #expect(try first.receive(until: "ok").hasPrefix("HTTP/1.1 200 "))
    release.signal()
    #expect(try proxy.get("/").hasPrefix("HTTP/1.1 200 "))
    #expect(proxy.stop())
  }

  @Test func refusesWhoMayNotWait() throws {
    let release = DispatchSemaphore(value: 0)
    let endpoint = try held(by: release)
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], upstream: "limits: { connections: 1, pending: 0 }")
    let first = try inFlight(proxy)
    try proxy.expectAnswered(
      try proxy.get("/"), as: .pendingOverflow)
    release.signal()
    #expect(try first.receive(until: "ok").hasPrefix("HTTP/1.1 200 "))
    #expect(proxy.stop())
  }

  @Test func refusesWhoWaitsTooLong() throws {
    let release = DispatchSemaphore(value: 0)
    let endpoint = try held(by: release)
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      upstream: "limits: { connections: 1 }\n    timeouts: { pending: 50ms }")
    let first = try inFlight(proxy)
    try proxy.expectAnswered(
      try proxy.get("/"), as: .pendingTimeout)
    release.signal()
    #expect(try first.receive(until: "ok").hasPrefix("HTTP/1.1 200 "))
    #expect(proxy.stop())
  }

  /// One connection, several workers: waiters take it in turn, wherever it was opened.
  @Test(arguments: [1, 3]) func servesWhoWaits(workers: Int) throws {
    let release = DispatchSemaphore(value: 0)
    let endpoint = try held(by: release)
    let proxy = try RunningProxy(
      """
      workers: \(workers)
      admin: { address: 127.0.0.1:0 }
      listeners:
        - { name: ingress, address: "127.0.0.1:0", routes: [{ match: { prefix: / }, upstream: service }] }
      upstreams:
        service: { endpoints: ["127.0.0.1:\(endpoint.port)"], limits: { connections: 1 } }
      """)
    let clients = try (0..<8).map { _ in
      let socket = try BlockingSocket.connect(port: proxy.port)
      try socket.send(Self.get)
      return socket
    }
    #expect(
      try proxy.eventually {
        try proxy.metric("weir_upstream_requests_pending{upstream=\"service\"}") == 7
      })
    for _ in clients { release.signal() }
    for client in clients {
      #expect(try client.receive(until: "ok").hasPrefix("HTTP/1.1 200 "))
    }
    #expect(try proxy.metric("weir_upstream_requests_pending{upstream=\"service\"}") == 0)
    #expect(try proxy.metric("weir_upstream_connections{upstream=\"service\"}") <= 1)
    for client in clients { client.close() }
    #expect(proxy.stop())
  }

  /// A head, its lines and its target, each one above what the listener takes.
  @Test(arguments: [
    (
      "limits: { request_head: 1KiB }", "/", "x: \(String(repeating: "a", count: 1024))\r\n",
      FailureKind.requestHeadTooLarge
    ),
    ("limits: { fields: 3 }", "/", "x: 1\r\nx: 2\r\n", .requestHeadTooLarge),
    (
      "limits: { request_target: 64B }", "/\(String(repeating: "a", count: 64))", "",
      .requestTargetTooLong
    ),
  ])
  func boundsHeads(limit: String, target: String, field: String, failure: FailureKind) throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let proxy = try RunningProxy(endpoints: [endpoint.port], listener: limit)
    try proxy.expectAnswered(
      try proxy.get(target, headers: field), as: failure, route: "none", upstream: "none")
    // One less of it passes.
    #expect(
      try proxy.get(
        String(target.dropLast()) + (target == "/" ? "/" : ""),
        headers: String(field.dropLast(field.count > 100 ? 500 : 6)) + (field.isEmpty ? "" : "\r\n")
      )
      .hasPrefix("HTTP/1.1 200 "))
    #expect(proxy.stop())
  }

  @Test func holdsBuffersToTheBudget() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    // Heads that are not whole hold their buffers until the test is over.
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], listener: "timeouts: { request_head: 1h }",
      top: "limits: { buffers: 1MiB }")
    var clients: [BlockingSocket] = []
    while try proxy.metric("weir_buffer_refusals_total") == 0, clients.count < 1000 {
      let socket = try BlockingSocket.connect(port: proxy.port)
      try socket.send("GET / HTTP/1.1\r\nHost: a")
      clients.append(socket)
    }
    #expect(clients.count > 10 && clients.count < 1000)
    #expect(
      try proxy.counted("buffer_budget_exceeded", 503, route: "none", upstream: "none") >= 1)
    let answer = try clients.last?.receive(until: "}\n") ?? ""
    #expect(answer.hasPrefix("HTTP/1.1 503 "), "\(answer)")
    #expect(answer.contains("error=connection_limit_reached; details=\"buffer_budget_exceeded\""))
    for client in clients { client.close() }
    #expect(try proxy.eventually { try proxy.get("/").hasPrefix("HTTP/1.1 200 ") })
    #expect(proxy.stop())
  }

  @Test func closesAfterTheLastRequestOfAConnection() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], listener: "limits: { requests_per_connection: 2 }")
    let answer = try proxy.exchange(Self.get + Self.get + Self.get)
    #expect(answer.components(separatedBy: "HTTP/1.1 200 OK").count == 3)
    #expect(answer.components(separatedBy: "connection: close").count == 2)
    #expect(proxy.stop())
  }

  @Test func closesIdleConnections() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let proxy = try RunningProxy(endpoints: [endpoint.port], listener: "timeouts: { idle: 1s }")
    #expect(try proxy.exchange(Self.get).hasSuffix("ok"))
    #expect(try proxy.exchange("").isEmpty)
    #expect(proxy.stop())
  }

  /// What is above a limit of lines in a head or trailer, both ways.
  @Test func boundsTrailers() throws {
    let trailers = String(repeating: "x-t: 1\r\n", count: 200)
    let endpoint = try ScriptedEndpoint { connection, _ in
      if try connection.receiveMessage().hasPrefix("GET") {
        try connection.send(
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\(trailers)\r\n")
      }
      _ = try connection.receiveAll()
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try proxy.exchange(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\(trailers)\r\n")
    #expect(answer.hasPrefix("HTTP/1.1 431 "), "\(answer)")
    try proxy.expectAnswered(answer, as: .requestTrailersTooLarge)
    // Nothing of the answer had been sent, so the client can be told.
    try proxy.expectAnswered(try proxy.get("/"), as: .responseTrailersTooLarge)
    #expect(proxy.stop())
  }

  @Test func boundsAnAnswersHead() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      let long = String(repeating: "a", count: 70_000)
      try connection.send("HTTP/1.1 200 OK\r\nX-Long: \(long)\r\n\r\n")
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    try proxy.expectAnswered(
      try proxy.get("/"), as: .responseHeadTooLarge)
    #expect(proxy.stop())
  }
}
