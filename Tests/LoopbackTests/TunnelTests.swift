import Primitives
import Testing
import WeirTesting

/// Upgrades: what may pass, in which order, and that nothing of it is lost at either end.
@Suite(.serialized)
struct TunnelTests {
  /// Numbered records, so that a gap or a change of order shows.
  private static func records(_ bytes: Int) -> String {
    var text = ""
    var number = 0
    while text.utf8.count < bytes {
      text += "\(number) "
      number += 1
    }
    return text
  }

  private static func request(_ fields: String = "") -> String {
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\(fields)\r\n"
  }

  /// More than a buffer of early bytes, in front of what is sent later.
  @Test func keepsTheOrderOfEarlyBytesOfAnEndpoint() throws {
    let early = Self.records(60_000)
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receive(until: "\r\n\r\n")
      try connection.send(
        "HTTP/1.1 101 S\r\nUpgrade:websocket\r\nConnection:upgrade\r\n\r\n" + early)
      try connection.send("end")
      connection.shutdownSend()
      _ = try connection.receiveAll()
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send(Self.request())
    let answer = try socket.receive(until: "end")
    #expect(answer.hasPrefix("HTTP/1.1 101 ") && answer.hasSuffix("\r\n\r\n\(early)end"))
    socket.close()
    #expect(proxy.stop())
  }

  @Test func keepsTheOrderOfEarlyBytesOfAClient() throws {
    let early = Self.records(60_000)
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receive(until: "\r\n\r\n")
      try connection.send(
        "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n")
      let sent = try connection.receive(until: "end")
      try connection.send(sent == early + "end" ? "whole" : "broken")
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    let long = String(repeating: "x", count: 17_000)
    try socket.send(Self.request("X-Long: \(long)\r\n") + early + "end")
    #expect(try socket.receive(until: "le").contains("\r\n\r\nwhole"))
    socket.close()
    #expect(proxy.stop())
  }

  /// The endpoint ends first; what the client still sends arrives whole.
  @Test func losesNothingWhenTheEndpointEndsFirst() throws {
    let body = Self.records(1_500_000)
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receive(until: "\r\n\r\n")
      try connection.send("HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n")
      connection.shutdownSend()
      #expect(try connection.receiveAll() == body)
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send(Self.request())
    #expect(try socket.receiveAll().hasPrefix("HTTP/1.1 101 "))
    try socket.send(body)
    socket.shutdownSend()
    let isClosed = try proxy.eventually { try proxy.closed(by: "not_persistent") == 1 }
    #expect(isClosed)
    #expect(proxy.stop())
  }

  /// HTTP/2 would carry requests past routing and the log, wherever in the list it stands.
  @Test(arguments: ["h2c", "h2c,", "websocket, h2c", "H2C", "HTTP/2.0, websocket"])
  func passesNoOfferOfHTTP2(offer: String) throws {
    let endpoint = try ScriptedEndpoint.answering { request in
      "HTTP/1.1 200 OK\r\nContent-Length: \(request.utf8.count)\r\n\r\n\(request)"
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try proxy.exchange(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: \(offer)\r\n\r\n")
    #expect(answer.hasPrefix("HTTP/1.1 200 "))
    #expect(!answer.lowercased().contains("upgrade:"), "\(answer)")
    // A connection that was asked to change its protocol carries nothing else.
    #expect(try proxy.closed(by: "not_persistent") == 1)
    #expect(proxy.stop())
  }

  @Test(arguments: ["mqtt", "websocket, mqtt", ""])
  func switchesOnlyToWhatWasOffered(protocol name: String) throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      if try connection.receive(until: "\r\n\r\n").contains("Upgrade: websocket") {
        try connection.send(
          "HTTP/1.1 101 S\r\nUpgrade: \(name)\r\nConnection: upgrade\r\n\r\n")
      }
      _ = try connection.receiveAll()
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send(Self.request())
    let answer = try socket.receive(until: "}\n")
    try proxy.expectAnswered(answer, as: .upgradeFailed)
    socket.close()
    #expect(proxy.stop())
  }
}
