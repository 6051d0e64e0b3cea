import Primitives
import Testing
import WeirTesting

/// Upgrades that are not a GET without a body (RFC 9110 §7.8).
@Suite(.serialized)
struct UpgradeTests {
  private static let switched =
    "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"

  private static func post(_ framing: String, _ more: String = "") -> String {
    "POST /exec/1/start HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
      + "\(framing)\r\n\(more)\r\n"
  }

  /// As Docker's clients attach: the body goes first, then the protocol changes.
  @Test(arguments: [
    ("Content-Length: 5", "hello"), ("Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"),
  ])
  func carriesABodyFirst(framing: String, body: String) throws {
    let isChunked = framing.contains("chunked")
    let endpoint = try ScriptedEndpoint { connection, _ in
      let request = try connection.receive(until: isChunked ? "\r\n0\r\n\r\n" : body)
      #expect(request.contains("Connection: upgrade\r\nUpgrade: tcp\r\n"), "\(request)")
      #expect(request.contains("\r\n\(framing)\r\n"))
      let head = try #require(request.firstRange(of: "\r\n\r\n"))
      let received = String(request[head.upperBound...])
      // Where chunks end is the wire's business: a piece that came by itself is one of its own.
      #expect((isChunked ? Self.payload(received) : received) == "hello", "\(received)")
      try connection.send(Self.switched)
      try connection.send("got \(try connection.receive(until: "ping"))")
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    // Cut anywhere, the bytes of the new protocol right behind the body.
    let request = Array((Self.post(framing) + body + "ping").utf8)
    for split in [0, request.count - 12, request.count - 6, request.count - 2, request.count] {
      let socket = try BlockingSocket.connect(port: proxy.port)
      try socket.send(Array(request[..<split]))
      try socket.send(Array(request[split...]))
      let answer = try socket.receive(until: "ping")
      #expect(answer.hasPrefix("HTTP/1.1 101 UPGRADED\r\n"), "\(answer)")
      #expect(answer.hasSuffix("\r\n\r\ngot ping"), "\(answer)")
      socket.close()
    }
    let isOver = try proxy.eventually { try proxy.counted("none", 101) == 5 }
    #expect(isOver)
    try proxy.expectNothingHeld()
    #expect(proxy.stop())
  }

  /// What stands in chunks: every second line.
  private static func payload(_ chunks: String) -> String {
    chunks.split(separator: "\r\n").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
      .joined()
  }

  /// The endpoint agrees before it has the body: the rest of that is not taken for the protocol.
  @Test func holdsA101UntilTheBodyIsThrough() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receive(until: "\r\n\r\n")
      try connection.send(Self.switched + "early")
      let rest = try connection.receive(until: "ping")
      try connection.send(rest == "helloping" ? "whole" : "broken")
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send(Self.post("Content-Length: 5"))
    try proxy.expectAttempts(1)
    for byte in "hello" { try socket.send("\(byte)") }
    try socket.send("ping")
    let answer = try socket.receive(until: "whole")
    #expect(
      answer.hasPrefix("HTTP/1.1 101 ") && answer.hasSuffix("\r\n\r\nearlywhole"), "\(answer)")
    socket.close()
    #expect(proxy.stop())
  }

  /// A client that waits to be told to go on would wait for ever.
  @Test func failsA101InThePlaceOf100() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receive(until: "\r\n\r\n")
      try connection.send(Self.switched)
      _ = try connection.receiveAll()
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send(Self.post("Content-Length: 5", "Expect: 100-continue\r\n"))
    try proxy.expectAnswered(try socket.receive(until: "}\n"), as: .upgradeFailed)
    socket.close()
    #expect(proxy.stop())
  }

  /// An endpoint that switches and leaves while the client still sends.
  @Test func failsWhenTheEndpointLeavesDuringTheBody() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receive(until: "\r\n\r\n")
      try connection.send(Self.switched)
      connection.resetOnClose()
      connection.close()
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send(Self.post("Content-Length: 1000000"))
    let block = String(repeating: "x", count: 10_000)
    for _ in 0..<90 { if (try? socket.send(block)) == nil { break } }
    let isCounted = try proxy.eventually { try proxy.counted("upstream_reset", 502) == 1 }
    #expect(isCounted)
    socket.close()
    try proxy.expectNothingHeld()
    #expect(proxy.stop())
  }

  /// Several offers, in several fields; the answer may name layers of what was offered.
  @Test(arguments: [
    ("Upgrade: a, tcp\r\nUpgrade: b", "tcp", true), ("Upgrade: a\r\nUpgrade: b", "b", true),
    ("Upgrade: a, b", "a, b", true), ("Upgrade: a, b", "a, c", false),
    ("Upgrade: a, b", ", ", false), ("Upgrade: a", "a\r\nUpgrade: a", false),
  ])
  func takesWhatWasOffered(offer: String, answer: String, isTaken: Bool) throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      let request = try connection.receive(until: "\r\n\r\n")
      #expect(request.contains("\r\n\(offer)\r\n"), "\(request)")
      try connection.send("HTTP/1.1 101 S\r\nUpgrade: \(answer)\r\nConnection: upgrade\r\n\r\nhi")
      _ = try connection.receiveAll()
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send("OPTIONS / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n\(offer)\r\n\r\n")
    if isTaken {
      let text = try socket.receive(until: "hi")
      #expect(text.hasPrefix("HTTP/1.1 101 ") && text.contains("\r\nUpgrade: \(answer)\r\n"))
    } else {
      try proxy.expectAnswered(try socket.receive(until: "}\n"), as: .upgradeFailed)
    }
    socket.close()
    #expect(proxy.stop())
  }

  /// 426 says what it wants (RFC 9110 §15.5.22); other answers offer only to us, and h2c nobody.
  @Test(arguments: [
    ("426 Upgrade Required", "websocket", true), ("426 Upgrade Required", "h2c", false),
    ("200 OK", "websocket", false), ("200 OK", "h2,h2c", false),
  ])
  func passesWhatA426Wants(status: String, offer: String, isPassed: Bool) throws {
    let endpoint = try ScriptedEndpoint.answering { _ in
      "HTTP/1.1 \(status)\r\nConnection: Upgrade\r\nUpgrade: \(offer)\r\nContent-Length: 2\r\n\r\nok"
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    for _ in 0..<2 {
      try socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      let answer = try socket.receiveMessage()
      #expect(answer.hasPrefix("HTTP/1.1 \(status)\r\n") && answer.hasSuffix("ok"), "\(answer)")
      #expect(answer.contains("\r\nUpgrade: \(offer)\r\n") == isPassed, "\(answer)")
      #expect(answer.lowercased().contains("connection: upgrade") == isPassed, "\(answer)")
    }
    // It is no upgrade: both connections went on.
    #expect(try proxy.opened() == 1)
    socket.close()
    #expect(proxy.stop())
  }

  /// An upgrade with a body is an ordinary request where the endpoint does not switch.
  @Test func goesOnWhereNothingIsSwitched() throws {
    let endpoint = try ScriptedEndpoint.answering { request in
      "HTTP/1.1 200 OK\r\nContent-Length: \(request.utf8.count)\r\n\r\n\(request)"
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    for _ in 0..<2 {
      try socket.send(Self.post("Content-Length: 5") + "hello")
      #expect(try socket.receiveMessage().hasSuffix("\r\n\r\nhello"))
    }
    // A connection that was asked to change its protocol carries nothing else.
    #expect(try proxy.closed(by: "not_persistent") == 2)
    socket.close()
    #expect(proxy.stop())
  }

  @Test(arguments: ["h2c", "tcp, h2c", "HTTP/2.0"])
  func passesNoHTTP2WithABody(offer: String) throws {
    let endpoint = try ScriptedEndpoint.answering { request in
      "HTTP/1.1 200 OK\r\nContent-Length: \(request.utf8.count)\r\n\r\n\(request)"
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try proxy.exchange(
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade, HTTP2-Settings\r\n"
        + "HTTP2-Settings: AAMAAABk\r\nUpgrade: \(offer)\r\nContent-Length: 2\r\n\r\nok")
    #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.hasSuffix("\r\n\r\nok"))
    #expect(!answer.lowercased().contains("upgrade:") && !answer.contains("HTTP2-Settings"))
    #expect(proxy.stop())
  }
}
