import ControlPlane
import Foundation
import Testing
import WeirTesting

/// Connections of HTTP/2 as a whole: how they begin and end, and what one stream can do to another.
@Suite(.serialized)
struct HTTP2ConnectionTests {
  private static let alive = HTTP2Frames.pseudo().map { $0.0 == ":path" ? ($0.0, "/alive") : $0 }

  private func endless() throws -> ScriptedEndpoint {
    try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
      try connection.send([UInt8](repeating: 0x78, count: 1_000_000))
      _ = try connection.receive()
    }
  }

  /// RFC 9113 §3.4: it may come in any parts.
  @Test func aPrefaceMayComeByteByByte() throws {
    let proxy = try RunningProxy(endpoints: [9])
    let client = try RawClient(port: proxy.port, isBegun: false)
    var frames = HTTP2Frames.begun
    frames.head(1, Self.alive)
    for byte in frames.bytes { try client.send([byte]) }
    #expect(try client.next { $0.isEnd && $0.stream == 1 } != nil)
    #expect(client.payload(of: 1) == Array("alive".utf8))
    #expect(proxy.stop())
  }

  @Test func aSlowReaderCostsItsOwnStream() throws {
    let endpoint = try endless()
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let client = try RawClient(port: proxy.port)
    try client.send {
      $0.window(0, 1 << 24)
      $0.request(1)
    }
    // Its window is full, and nothing opens it.
    while client.payload(of: 1).count < 65_535 {
      let count = client.payload(of: 1).count
      var seen = 0
      try client.next { frame in
        if frame.type == 0, frame.stream == 1 { seen += frame.payload.count }
        return seen > count
      }
    }
    for id in stride(from: UInt32(3), to: 203, by: 2) {
      try client.send { $0.head(id, Self.alive) }
      #expect(try client.next { $0.isEnd && $0.stream == id } != nil)
    }
    #expect(client.payload(of: 1).count == 65_535)
    // It gets the rest as it takes it.
    try client.send { $0.window(1, 1 << 24) }
    #expect(try client.next { $0.isEnd && $0.stream == 1 } != nil)
    #expect(client.payload(of: 1).count == 1_000_000)
    #expect(proxy.stop())
  }

  /// The endpoint's work ends with the stream (CVE-2023-44487).
  @Test func aClientThatResetsHasLeft() throws {
    let endpoint = try endless()
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let client = try RawClient(port: proxy.port)
    try client.send {
      $0.window(0, 1 << 24)
      $0.request(1)
    }
    try client.next { $0.type == 0 }
    try client.send { $0.reset(1) }
    #expect(try proxy.eventually { try proxy.counted("downstream_closed", 499) == 1 })
    #expect(try proxy.metric("weir_requests_active") == 0)
    try client.send { $0.head(3, Self.alive) }
    #expect(try client.next { $0.isEnd && $0.stream == 3 } != nil)
    #expect(proxy.stop())
  }

  @Test func aMalformedHeadCostsItsStream() throws {
    let proxy = try RunningProxy(endpoints: [9])
    let client = try RawClient(port: proxy.port)
    try client.send {
      $0.request(1, [("transfer-encoding", "chunked")], isEnd: false)
      $0.head(3, Self.alive)
    }
    #expect(try client.next { $0.isEnd && $0.stream == 3 } != nil)
    let reset = try client.next { $0.type == 3 }
    #expect(reset?.stream == 1 && reset?.word == 1)
    #expect(
      try proxy.metric(
        "weir_parser_rejections_total{message=\"request\",fault=\"connection_specific_field\"}")
        == 1)
    #expect(proxy.stop())
  }

  /// Less payload than was declared: the endpoint never gets it as a whole request.
  @Test func aBodyThatIsShortOfItsLength() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      let request = try connection.receiveMessage()
      #expect(!request.hasSuffix("\u{1}\u{2}\u{3}xx"))
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let client = try RawClient(port: proxy.port)
    try client.send {
      $0.request(1, method: "POST", [("content-length", "5")], isEnd: false)
      $0.data(1, [1, 2, 3], isEnd: true)
    }
    let head = try client.next { $0.type == 1 }
    // The table's entry for `:status: 400` (RFC 7541, appendix A).
    #expect(head?.payload.first == 0x8C)
    #expect(
      try proxy.metric(
        "weir_parser_rejections_total{message=\"request_body\",fault=\"length_differs\"}") == 1)
    #expect(proxy.stop())
  }

  @Test func aFloodEndsItsConnectionAndNoOther() throws {
    let endpoint = try endless()
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let other = try RawClient(port: proxy.port)
    let client = try RawClient(port: proxy.port)
    try? client.send { frames in
      for id in stride(from: UInt32(1), to: 4001, by: 2) {
        frames.request(id)
        frames.reset(id)
      }
    }
    try client.readAll()
    let end = client.frames.last { $0.type == 7 }
    #expect(end?.code == 11)
    #expect(
      String(decoding: end?.payload.dropFirst(8) ?? [], as: UTF8.self)
        == "too many streams were reset")
    #expect(
      try proxy.metric("weir_downstream_http2_connections_ended_total{reason=\"rapid_reset\"}") == 1
    )
    #expect(
      try proxy.metric("weir_downstream_http2_goaways_total{code=\"enhance_your_calm\"}") == 1)
    #expect(try proxy.metric("weir_requests_active") == 0)
    try other.send { $0.head(1, Self.alive) }
    #expect(try other.next { $0.isEnd } != nil)
    #expect(proxy.stop())
  }

  /// RFC 9113 §6.8: requests that are on their way at a drain are served.
  @Test func aDrainHasTwoSteps() throws {
    let proxy = try RunningProxy(endpoints: [9])
    let client = try RawClient(port: proxy.port)
    try client.send { $0.head(1, Self.alive) }
    try client.next { $0.isEnd }
    proxy.plane.drain(delay: .zero)
    let notice = try client.next { $0.type == 7 }
    #expect(notice?.word == 0x7FFF_FFFF)
    let ping = try client.next { $0.type == 6 }
    try client.send {
      $0.head(3, Self.alive)
      $0.ping(isAnswer: true, String(decoding: ping?.payload ?? [], as: UTF8.self))
    }
    let last = try client.next { $0.type == 7 && $0.word == 3 }
    #expect(last?.code == 0)
    #expect(try client.next { $0.isEnd && $0.stream == 3 } != nil)
    try client.readAll()
    #expect(proxy.stop())
  }

  @Test func anIdleConnectionIsToldAndCloses() throws {
    let proxy = try RunningProxy(endpoints: [9], listener: "timeouts: { idle: 300ms }")
    let client = try RawClient(port: proxy.port)
    try client.send { $0.head(1, Self.alive) }
    try client.readAll()
    #expect(client.frames.contains { $0.isEnd && $0.stream == 1 })
    #expect(client.frames.last?.type == 7 && client.frames.last?.code == 0)
    #expect(proxy.stop())
  }

  /// A block may not be interrupted, so a slow one holds up its whole connection (RFC 9113 §6.10).
  @Test func aHeadThatDoesNotEndIsCut() throws {
    let proxy = try RunningProxy(endpoints: [9], listener: "timeouts: { request_head: 300ms }")
    let client = try RawClient(port: proxy.port)
    try client.send { $0.frame(1, flags: 1, 1, HTTP2Frames.block(HTTP2Frames.pseudo())) }
    try client.readAll()
    #expect(client.frames.last?.type == 7 && client.frames.last?.code == 11)
    #expect(
      try proxy.metric("weir_downstream_http2_connections_ended_total{reason=\"slow_head\"}") == 1)
    #expect(try proxy.metric("weir_requests_active") == 0)
    #expect(proxy.stop())
  }

  @Test func aClientThatEndsItsDirectionIsAnsweredWhereTheListenerSaysSo() throws {
    let proxy = try RunningProxy(endpoints: [9], listener: "answer_half_closed: true")
    let client = try RawClient(port: proxy.port)
    try client.send { $0.head(1, Self.alive) }
    client.shutdownSend()
    try client.readAll()
    #expect(client.frames.contains { $0.isEnd && $0.stream == 1 })
    #expect(proxy.stop())
  }

  @Test func aClientThatClosesLeavesNothingBehind() throws {
    let endpoint = try endless()
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    do {
      let client = try RawClient(port: proxy.port)
      try client.send { frames in
        for id in stride(from: UInt32(1), to: 41, by: 2) { frames.request(id) }
      }
      try client.next { $0.type == 0 }
    }
    #expect(try proxy.eventually { try proxy.counted("downstream_closed", 499) == 20 })
    #expect(try proxy.eventually { try proxy.metric("weir_downstream_connections") == 0 })
    #expect(try proxy.eventually { try proxy.metric("weir_buffer_bytes") == 0 })
    #expect(proxy.stop())
  }

  /// The preface of a session that is none.
  @Test func whatIsNoPrefaceBehindItsFirstLine() throws {
    let proxy = try RunningProxy(endpoints: [9])
    let client = try RawClient(port: proxy.port, isBegun: false)
    try client.send(Array("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n".utf8))
    try client.readAll()
    #expect(client.frames.last?.type == 7 && client.frames.last?.code == 1)
    #expect(proxy.stop())
  }
}
