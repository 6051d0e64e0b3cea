import Primitives
import Testing
import WeirTesting

/// A request with a body is sent again whole, or not at all.
@Suite(.serialized)
struct RetryBodyTests {
  private static func retry(_ more: String = "") -> String {
    "retry: { attempts: 3, on: [503, reset], backoff: { base: 1ms, max: 1ms }, \(more) }"
  }
  private static let honoured = retry("idempotency_key: honoured, body_buffer: 1KiB")
  private static let key = "Idempotency-Key: one\r\n"

  private func bodies(_ service: AnsweringService) -> [String] {
    service.requests.map { String(decoding: $0.body, as: UTF8.self) }
  }

  @Test(arguments: [AnsweringService.Answer.status(503), .reset, .close])
  func sendsABodyWithALengthAgain(first: AnsweringService.Answer) throws {
    let service = try AnsweringService("a", first, .status(200))
    let proxy = try RunningProxy([service], route: Self.honoured)
    #expect(try proxy.post("dispense", headers: Self.key).hasPrefix("HTTP/1.1 200 "))
    #expect(bodies(service) == ["dispense", "dispense"])
    try proxy.expectAllGivenBack()
    #expect(proxy.stop())
  }

  /// In pieces that come one by one, trailers included.
  @Test func sendsAChunkedBodyAgain() throws {
    let service = try AnsweringService("a", .status(503), .reset, .status(200))
    let proxy = try RunningProxy([service], route: Self.honoured)
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send(
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(Self.key)"
        + "Transfer-Encoding: chunked\r\n\r\n3\r\ndis\r\n")
    try proxy.expectAttempts(1)
    try socket.send("5\r\npense\r\n")
    try socket.send("0\r\nX-Sum: 8\r\n\r\n")
    #expect(try socket.receiveAll().hasPrefix("HTTP/1.1 200 "))
    socket.close()
    #expect(bodies(service) == ["dispense", "dispense", "dispense"])
    #expect(proxy.stop())
  }

  /// An answer that comes before the body is whole: the rest follows the part that is kept.
  @Test func sendsTheRestBehindWhatWasKept() throws {
    let first = try ScriptedEndpoint { connection, _ in
      // Where the whole body was there before this answer, the connection carries the next one too.
      while try connection.receive(until: "dis").contains("dis") {
        try connection.send("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
      }
    }
    let second = try AnsweringService("a")
    let proxy = try RunningProxy(
      endpoints: [first.port, second.port],
      routes: "[{ match: { prefix: / }, upstream: service, \(Self.honoured) }]")
    for _ in 0..<2 {
      let before = try proxy.attempts()
      let socket = try BlockingSocket.connect(port: proxy.port)
      try socket.send(
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(Self.key)"
          + "Content-Length: 8\r\n\r\ndis")
      let isFirst = try proxy.attempts() == before
      if isFirst { try proxy.expectAttempts(before + 1) }
      try socket.send("pense")
      #expect(try socket.receiveAll().hasPrefix("HTTP/1.1 200 "))
    }
    #expect(bodies(second) == ["dispense", "dispense"])
    #expect(proxy.stop())
  }

  /// More than is kept was sent: the first answer is the client's.
  @Test(arguments: [true, false]) func doesNotSendAPartAgain(isChunked: Bool) throws {
    let service = try AnsweringService("a", .status(503))
    let proxy = try RunningProxy([service], route: Self.honoured)
    // Larger than a block, so that it cannot stay by chance.
    let body = String(repeating: "b", count: 200_000)
    let framing =
      isChunked
      ? "Transfer-Encoding: chunked\r\n\r\n30d40\r\n\(body)\r\n0\r\n\r\n"
      : "Content-Length: 200000\r\n\r\n\(body)"
    let answer = try proxy.exchange(
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(Self.key)\(framing)")
    #expect(answer.hasPrefix("HTTP/1.1 503 "), "\(answer)")
    #expect(service.requests.map(\.body.count) == [200_000])
    #expect(try proxy.refusedRetries("body_outgrew_buffer") == 1)
    try proxy.expectAllGivenBack()
    #expect(proxy.stop())
  }

  /// Nobody but the route's owner knows that twice is harmless.
  @Test(arguments: [
    (retry(), key, 1), (retry("idempotency_key: honoured"), "", 1),
    (retry("idempotency_key: honoured"), key, 2), (retry("non_idempotent: true"), "", 2),
  ])
  func sendsAPostAgainOnlyWhereThatIsAllowed(route: String, key: String, most: Int) throws {
    for first in [AnsweringService.Answer.status(503), .reset, .close] {
      let service = try AnsweringService("a", first, .status(200))
      let proxy = try RunningProxy([service], route: route)
      let answer = try proxy.post(headers: key)
      #expect(answer.hasPrefix("HTTP/1.1 200 ") == (most == 2), "\(answer)")
      #expect(service.requests.count == most)
      #expect(try proxy.refusedRetries("not_safe") == (most == 1 ? 1 : 0))
      #expect(proxy.stop())
    }
  }

  /// What was not sent is sent elsewhere, POST too.
  @Test func aPostThatCouldNotConnectGoesElsewhere() throws {
    let closed = try PortReservation()
    let service = try AnsweringService("a")
    let proxy = try RunningProxy(
      endpoints: [closed.port, service.port],
      routes: "[{ match: { prefix: / }, upstream: service, retry: {} }]")
    for _ in 0..<4 { #expect(try proxy.post().hasPrefix("HTTP/1.1 200 ")) }
    #expect(service.requests.count == 4)
    #expect(try proxy.retries("connect_refused") >= 2)
    #expect(proxy.stop())
  }
}
