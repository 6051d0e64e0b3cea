import Foundation
import Primitives
import Testing
import WeirTesting

/// Answers that come before the request has been sent whole.
@Suite(.serialized)
struct EarlyAnswerTests {
  private static let refusal =
    "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"

  /// The client is answered, told not to send the rest, and its rest is not taken for a request.
  @Test(arguments: [
    "Content-Length: 100000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n186A0\r\n",
  ])
  func passesAnAnswerOnWhileTheRequestIsBeingSent(framing: String) throws {
    let over = DispatchSemaphore(value: 0)
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receive(until: "\r\n\r\n")
      try connection.send(Self.refusal)
      while (try? connection.receive().isEmpty) == false {}
      over.signal()
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send("POST / HTTP/1.1\r\nHost: a\r\n\(framing)abc")
    let answer = try socket.receive(until: "\r\n\r\nno")
    #expect(answer.hasPrefix("HTTP/1.1 403 ") && answer.contains("connection: close\r\n"))
    // Half a request lies on that connection: nobody else gets it.
    #expect(over.comes())
    try? socket.send("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try socket.receiveAll().isEmpty)
    #expect(try proxy.counted("none", 403) == 1)
    #expect(try proxy.closed(by: "abandoned") == 1)
    try proxy.expectNothingHeld()
    #expect(proxy.stop())
  }

  /// The endpoint answers and closes while much is still on its way to it: its answer survives the
  /// failed send.
  @Test func readsTheAnswerOfAnEndpointThatStopsReading() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receive(until: "\r\n\r\n")
      try connection.send(Self.refusal)
      connection.shutdownSend()
      while (try? connection.receive().isEmpty) == false {}
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    let body = [UInt8](repeating: 0x61, count: 4 << 20)
    try socket.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n")
    // Whether all of it can be sent depends on who is faster.
    try? socket.send(body)
    #expect(try socket.receive(until: "\r\n\r\nno").hasPrefix("HTTP/1.1 403 "))
    #expect(try proxy.counted("none", 403) == 1)
    try proxy.expectNothingHeld()
    #expect(proxy.stop())
  }

  /// RFC 9110 §10.1.1: a final status instead of 100; the body is never asked for.
  @Test func relaysARefusedExpectation() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      let head = try connection.receive(until: "\r\n\r\n")
      #expect(head.lowercased().contains("expect: 100-continue\r\n"))
      try connection.send(Self.refusal)
      #expect((try? connection.receiveAll())?.isEmpty != false)
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try proxy.exchange(
      "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
    #expect(answer.hasPrefix("HTTP/1.1 403 ") && answer.contains("connection: close\r\n"))
    #expect(answer.hasSuffix("\r\n\r\nno"))
    #expect(try proxy.counted("none", 403) == 1)
    try proxy.expectNothingHeld()
    #expect(proxy.stop())
  }

  /// A client that reads its answer late loses nothing to the bytes it sent in vain.
  @Test func keepsTheAnswerForAClientThatStillSends() throws {
    let proxy = try RunningProxy(endpoints: [9], listener: "limits: { request_body: 10B }")
    let socket = try BlockingSocket.connect(port: proxy.port)
    // In one call, so that all of it is on its way before Weir lingers for its second.
    try socket.send(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
        + String(repeating: "a", count: 100_000))
    try proxy.expectAnswered(
      try socket.receive(until: "}\n"), as: .requestBodyTooLarge, route: "none", upstream: "none")
    #expect(proxy.stop())
  }
}
