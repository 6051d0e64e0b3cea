import Foundation
import Primitives
import Testing
import WeirTesting

/// Connections that break or end at each point of an exchange, on either side.
@Suite(.serialized)
struct ResetTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

  /// How a peer leaves.
  enum Leave: CaseIterable {
    case reset, halfClose

    func perform(_ socket: BlockingSocket) {
      switch self {
      case .reset:
        socket.resetOnClose()
        socket.close()
      case .halfClose: socket.shutdownSend()
      }
    }
  }

  /// An endpoint that says when its connection is over, without having answered.
  private func silent(_ over: DispatchSemaphore) throws -> ScriptedEndpoint {
    try ScriptedEndpoint { connection, _ in
      _ = try? connection.receiveAll()
      over.signal()
    }
  }

  // MARK: The client

  @Test(arguments: Leave.allCases) func clientLeavesBeforeItsHeadEnds(leave: Leave) throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send("GET / HTTP/1.1\r\nHo")
    #expect(try proxy.eventually { try proxy.metric("weir_requests_active") == 1 })
    leave.perform(socket)
    try proxy.expectCounted(.downstreamClosed, 499, route: "none", upstream: "none")
    #expect(try proxy.opened() == 0)
    try proxy.expectNothingHeld()
    #expect(proxy.stop())
  }

  /// The endpoint must not take the part for the whole.
  @Test(
    arguments: Leave.allCases,
    ["Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"])
  func clientLeavesInItsBody(leave: Leave, rest: String) throws {
    let seen = DispatchSemaphore(value: 0)
    let cut = DispatchSemaphore(value: 0)
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receive(until: "abc")
      seen.signal()
      do {
        // Not an orderly end.
        while try !connection.receive().isEmpty {}
      } catch {
        cut.signal()
      }
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send("POST / HTTP/1.1\r\nHost: a\r\n\(rest)")
    #expect(seen.comes())
    leave.perform(socket)
    #expect(cut.comes())
    try proxy.expectCounted(.downstreamClosed, 499)
    try proxy.expectNothingHeld()
    #expect(proxy.stop())
  }

  @Test(arguments: Leave.allCases) func clientLeavesWhileItWaitsForAConnection(leave: Leave) throws
  {
    let release = DispatchSemaphore(value: 0)
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      release.wait()
      try connection.send(Self.ok)
      _ = try connection.receive()
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port], upstream: "limits: { connections: 1 }")
    let held = try BlockingSocket.connect(port: proxy.port)
    try held.send(Self.get)
    try proxy.expectAttempts(1)
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send(Self.get)
    let pending = "weir_upstream_requests_pending{upstream=\"service\"}"
    #expect(try proxy.eventually { try proxy.metric(pending) == 1 })
    leave.perform(socket)
    try proxy.expectCounted(.downstreamClosed, 499)
    #expect(try proxy.metric(pending) == 0)
    release.signal()
    #expect(try held.receive(until: "ok").hasPrefix("HTTP/1.1 200 "))
    // Nobody was sent in the name of the one that left.
    try proxy.expectAttempts(1)
    try proxy.expectNothingHeld()
    #expect(proxy.stop())
  }

  @Test(arguments: Leave.allCases) func clientLeavesWhileTheEndpointThinks(leave: Leave) throws {
    let over = DispatchSemaphore(value: 0)
    let endpoint = try silent(over)
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send(Self.get)
    try proxy.expectAttempts(1)
    leave.perform(socket)
    #expect(over.comes())
    try proxy.expectCounted(.downstreamClosed, 499)
    try proxy.expectNothingHeld()
    #expect(proxy.stop())
  }

  @Test(arguments: Leave.allCases) func clientLeavesDuringTheAnswer(leave: Leave) throws {
    let over = DispatchSemaphore(value: 0)
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
      _ = try? connection.receiveAll()
      over.signal()
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send(Self.get)
    #expect(try socket.receive(until: "abc").hasPrefix("HTTP/1.1 200 "))
    leave.perform(socket)
    #expect(over.comes())
    try proxy.expectCounted(.downstreamClosed, 499)
    try proxy.expectNothingHeld()
    #expect(proxy.stop())
  }

  // MARK: The endpoint

  @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Le"])
  func endpointResetsBeforeItsHeadEnds(sent: String) throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      try connection.send(sent)
      Leave.reset.perform(connection)
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    try proxy.expectAnswered(try proxy.get("/"), as: .upstreamReset)
    try proxy.expectNothingHeld()
    #expect(proxy.stop())
  }

  /// However the body is framed, the client sees that it is not whole.
  @Test(arguments: [
    "Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "\r\nabc",
  ])
  func endpointResetsInItsBody(sent: String) throws {
    let seen = DispatchSemaphore(value: 0)
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      try connection.send("HTTP/1.1 200 OK\r\n\(sent)")
      _ = seen.comes()
      Leave.reset.perform(connection)
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send(Self.get)
    _ = try socket.receive(until: "abc")
    seen.signal()
    #expect(throws: BlockingSocket.Failure.self) { while try !socket.receive().isEmpty {} }
    try proxy.expectCounted(.upstreamReset, 200)
    try proxy.expectNothingHeld()
    #expect(proxy.stop())
  }

  /// Nobody is the worse for a kept connection that breaks.
  @Test(arguments: Leave.allCases) func endpointLeavesAnIdleConnection(leave: Leave) throws {
    let answered = DispatchSemaphore(value: 0)
    let endpoint = try ScriptedEndpoint { connection, number in
      while try !connection.receiveMessage().isEmpty {
        try connection.send(Self.ok)
        guard number == 0 else { continue }
        _ = answered.comes()
        return leave.perform(connection)
      }
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    #expect(try proxy.get("/").hasPrefix("HTTP/1.1 200 "))
    answered.signal()
    #expect(try proxy.eventually { try proxy.closed(by: "peer") == 1 })
    #expect(try proxy.get("/").hasPrefix("HTTP/1.1 200 "))
    #expect(try proxy.opened() == 2)
    #expect(try proxy.counted("none", 200) == 2)
    #expect(proxy.stop())
  }
}
