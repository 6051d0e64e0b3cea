import HTTP2
import HTTPModel
import Primitives
import Testing
import WeirTesting

/// What of HTTP/2 would mean something else once it is written as HTTP/1 is refused (RFC 9113 §8.2,
/// §8.3), each by its name.
struct RequestFieldTests {
  struct Refused: CustomTestStringConvertible, Sendable {
    var fault: HeadFault
    var what: String
    var fields: [(String, String)]
    var isEnd = true
    var testDescription: String { "\(fault.name): \(what)" }

    init(
      _ fault: HeadFault, _ what: String, _ more: [(String, String)] = [],
      pseudo: [(String, String)] = HTTP2Frames.pseudo(), isEnd: Bool = true
    ) {
      self.fault = fault
      self.what = what
      fields = pseudo + more
      self.isEnd = isEnd
    }

    /// A pseudo-field has another value.
    init(_ fault: HeadFault, _ name: String, is value: String?) {
      self.init(
        fault, "\(name) is \(value ?? "missing")",
        pseudo: HTTP2Frames.pseudo().compactMap {
          if $0.0 != name { return $0 }
          return value.map { (name, $0) }
        })
    }
  }

  static let refused: [Refused] = [
    Refused(.badFieldName, "CR in a name", [("x\ra", "b")]),
    Refused(.badFieldName, "LF in a name", [("x\na", "b")]),
    Refused(.badFieldName, "NUL in a name", [("x\u{0}a", "b")]),
    Refused(.badFieldName, "a colon in a name", [("x:a", "b")]),
    Refused(.badFieldName, "a space in a name", [("x a", "b")]),
    Refused(.badFieldName, "upper case in a name", [("X-Tenant", "b")]),
    Refused(.badFieldName, "an empty name", [("", "b")]),
    Refused(.badFieldName, "8-bit octets in a name", [("caf\u{E9}", "b")]),
    Refused(.badFieldValue, "CR LF in a value", [("x", "b\r\ny: z")]),
    Refused(.badFieldValue, "LF in a value", [("x", "b\ny: z")]),
    Refused(.badFieldValue, "NUL in a value", [("x", "b\u{0}")]),
    Refused(.badFieldValue, "DEL in a value", [("x", "b\u{7F}")]),
    Refused(.badFieldValue, "a space before a value", [("x", " b")]),
    Refused(.badFieldValue, "a tab behind a value", [("x", "b\t")]),
    Refused(.connectionSpecificField, "connection", [("connection", "close")]),
    Refused(.connectionSpecificField, "keep-alive", [("keep-alive", "timeout=5")]),
    Refused(.connectionSpecificField, "proxy-connection", [("proxy-connection", "close")]),
    Refused(.connectionSpecificField, "transfer-encoding", [("transfer-encoding", "chunked")]),
    Refused(.connectionSpecificField, "upgrade", [("upgrade", "h2c")]),
    Refused(.connectionSpecificField, "te: gzip", [("te", "gzip")]),
    Refused(.connectionSpecificField, "te: trailers, gzip", [("te", "trailers, gzip")]),
    Refused(.misplacedPseudoField, "a late pseudo-field", [("x", "b"), (":path", "/b")]),
    Refused(.repeatedPseudoField, "a second path", [(":path", "/b")]),
    Refused(.repeatedPseudoField, "a second method", [(":method", "POST")]),
    Refused(.repeatedPseudoField, "a second authority", [(":authority", "b.test")]),
    Refused(.unknownPseudoField, "an unknown one", [(":status", "200")]),
    Refused(.unknownPseudoField, "extended CONNECT", [(":protocol", "websocket")]),
    Refused(.missingPseudoField, ":method", is: nil),
    Refused(.missingPseudoField, ":scheme", is: nil),
    Refused(.missingPseudoField, ":path", is: nil),
    Refused(.missingHost, ":authority", is: nil),
    Refused(.badMethod, ":method", is: "GE T"),
    Refused(.badMethod, ":method", is: ""),
    Refused(.badMethod, ":method", is: "GET / HTTP/1.1\r\nx:"),
    Refused(.badTarget, ":path", is: ""),
    Refused(.badTarget, ":path", is: "/a b"),
    Refused(.badTarget, ":path", is: "/a\r\nx: y"),
    Refused(.badTarget, ":path", is: "a"),
    Refused(.badTarget, ":path", is: "http://b.test/"),
    Refused(.badTarget, ":path", is: "*"),
    Refused(.badTarget, ":path", is: "/a#b"),
    Refused(.badTarget, ":path", is: "/\u{E9}"),
    Refused(.badScheme, ":scheme", is: "gopher"),
    Refused(.badScheme, ":scheme", is: "http://a/?"),
    Refused(.badHost, ":authority", is: ""),
    Refused(.badHost, ":authority", is: "a@b.test"),
    Refused(.badHost, ":authority", is: "a b"),
    Refused(.badHost, ":authority", is: "a.test/b"),
    Refused(.badHost, ":authority", is: "a.test,b.test"),
    Refused(.badHost, "a bad Host", [("host", "a/b")]),
    Refused(.hostDiffers, "another Host", [("host", "other.test")]),
    Refused(.repeatedHost, "two Hosts", [("host", "api.test:80"), ("host", "api.test:80")]),
    Refused(.badContentLength, "a length of letters", [("content-length", "1a")], isEnd: false),
    Refused(.badContentLength, "a signed length", [("content-length", "+1")], isEnd: false),
    Refused(
      .repeatedContentLength, "two lengths", [("content-length", "1"), ("content-length", "1")],
      isEnd: false),
    Refused(.lengthDiffers, "a length without a body", [("content-length", "1")]),
    Refused(.badExpectation, "an unknown expectation", [("expect", "miracles")]),
    Refused(.targetTooLong, ":path", is: "/" + String(repeating: "a", count: 8192)),
    Refused(
      .tooManyFields, "101 fields", (0..<101).map { ("x-\($0)", "b") }),
    Refused(
      .misplacedPseudoField, "CONNECT with a path", pseudo: HTTP2Frames.pseudo("CONNECT")),
  ]

  @Test(arguments: refused, [false, true]) func refuses(_ one: Refused, byByte: Bool) throws {
    let bench = Bench()
    var frames = HTTP2Frames.begun
    frames.head(1, one.fields, isEnd: one.isEnd)
    bench.receive(frames, byByte: byByte)
    let stream = try #require(bench.requests.first)
    #expect(stream.headFault == one.fault)
    // The connection and its table go on.
    var next = HTTP2Frames()
    next.request(3)
    bench.receive(next)
    #expect(try #require(bench.requests.last).headFault == nil)
    #expect(bench.goAway == nil)
  }

  /// What stands in front of the fault is known, whatever follows it.
  @Test(arguments: [
    ([("x", " b")], RequestHead.Part.line, "POST", "/a?b=c"),
    ([("te", "gzip")], .line, "POST", "/a?b=c"),
    ([(":path", "/b")], .line, "POST", "/a?b=c"),
  ]) func whatWasReadOfARefusedHeadIsKept(
    _ more: [(String, String)], _ part: RequestHead.Part, _ method: String, _ target: String
  ) throws {
    let bench = Bench()
    var frames = HTTP2Frames.begun
    frames.head(1, HTTP2Frames.pseudo("POST") + more)
    bench.receive(frames)
    let stream = try #require(bench.requests.first)
    #expect(stream.headFault != nil)
    #expect(stream.salvage() == part)
    #expect(stream.head.method == .post)
    #expect(stream.headBlock.text(stream.head.methodText) == method)
    #expect(stream.headBlock.text(stream.head.target) == target)
    #expect(stream.headBlock.text(stream.head.path) == "/a")
    #expect(stream.headBlock.text(stream.head.authority) == "api.test:80")
  }

  /// How much is known where a pseudo-field itself is at fault.
  @Test(arguments: [
    ([(":method", "GE T")], RequestHead.Part.nothing), ([(":method", "GET")], .method),
    ([(":method", "GET"), (":path", "/a b")], .method),
    ([(":method", "GET"), (":path", "/a#b")], .target),
    ([(":method", "GET"), (":path", "a")], .target),
    ([(":method", "GET"), (":path", "/a"), (":scheme", "gopher")], .line),
    ([(":method", "CONNECT"), (":path", "/a")], .method),
    ([("x", "y"), (":method", "GET")], .nothing),
  ]) func howMuchIsKnown(_ fields: [(String, String)], _ part: RequestHead.Part) throws {
    let bench = Bench()
    var frames = HTTP2Frames.begun
    frames.head(1, fields)
    bench.receive(frames)
    let stream = try #require(bench.requests.first)
    #expect(stream.headFault != nil)
    #expect(stream.salvage() == part)
  }

  @Test func readsWhatTheNeutralHeadHas() throws {
    let bench = Bench()
    var frames = HTTP2Frames.begun
    frames.request(
      1, method: "POST",
      [
        ("cookie", "a=1"), ("x-tenant", "cairo"), ("cookie", "b=2"), ("content-length", "3"),
        ("te", "trailers"), ("expect", "100-continue"), ("host", "API.test:80"),
        ("x-real-ip", "192.0.2.1"), ("cookie", "c=3"),
      ], isEnd: false)
    bench.receive(frames)
    let stream = try #require(bench.requests.first)
    let head = stream.head
    let block = stream.headBlock
    #expect(stream.headFault == nil)
    #expect(head.method == .post)
    #expect(block.text(head.methodText) == "POST")
    #expect(block.text(head.path) == "/a")
    #expect(block.text(head.query) == "b=c")
    #expect(block.text(head.target) == "/a?b=c")
    #expect(block.text(head.authority) == "api.test:80")
    #expect(head.length == .known(3))
    #expect(block.text(head.lengthName) == "content-length")
    #expect(head.acceptsTrailers && head.expectsContinue && !head.wantsUpgrade)
    #expect(head.present.contains(.trustedOnly) && !head.present.contains(.host))
    let lines = head.fields.map { "\(block.text($0.name)): \(block.text($0.value))" }
    #expect(
      lines == [
        "cookie: a=1; b=2; c=3", "x-tenant: cairo", "content-length: 3", "te: trailers",
        "expect: 100-continue", "x-real-ip: 192.0.2.1",
      ])
  }

  @Test func acceptsWhatIsOdd() throws {
    for pseudo in [
      [(":method", "OPTIONS"), (":scheme", "http"), (":path", "*"), (":authority", "a.test")],
      [(":method", "PURGE"), (":scheme", "https"), (":path", "/"), (":authority", "[::1]:80")],
      [(":method", "CONNECT"), (":authority", "a.test:443")],
      [(":path", "/"), (":scheme", "http"), (":method", "GET"), ("host", "a.test")],
    ] {
      let bench = Bench()
      var frames = HTTP2Frames.begun
      frames.head(1, pseudo)
      bench.receive(frames)
      #expect(try #require(bench.requests.first).headFault == nil)
    }
  }

  @Test func aListAboveTheLimitCostsItsRequest() throws {
    let bench = Bench()
    var frames = HTTP2Frames.begun
    let value = String(repeating: "a", count: 14_000)
    var block = HTTP2Frames.block(HTTP2Frames.pseudo())
    for index in 0..<5 { block += HTTP2Frames.block([("x-\(index)", value)]) }
    frames.frame(1, flags: 1, 1, Array(block.prefix(16_000)))
    for start in stride(from: 16_000, to: block.count, by: 16_000) {
      let part = Array(block[start..<min(start + 16_000, block.count)])
      frames.frame(9, flags: start + 16_000 >= block.count ? 4 : 0, 1, part)
    }
    bench.receive(frames)
    #expect(try #require(bench.requests.first).headFault == .headTooLarge)
    #expect(bench.goAway == nil)
  }
}
