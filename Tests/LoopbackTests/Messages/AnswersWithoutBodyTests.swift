import Primitives
import Testing
import WeirTesting

/// Answers that end with their head, whatever their fields say (RFC 9112 §6.3, rule 1).
@Suite(.serialized)
struct AnswersWithoutBodyTests {
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

  struct Case: Sendable {
    var method = "GET"
    /// Status line and fields, without the empty line.
    var head: String
    /// What follows it at once.
    var body = ""
    /// Lines that the client sees, and names that it does not.
    var passes: [String] = []
    var drops: [String] = []
    /// Why the endpoint's connection is closed; nil: it carries the next request too.
    var closedBy: String?
  }

  /// The work was done: it is not answered 502. The connection is kept where nothing can follow.
  @Test(arguments: [
    Case(head: "204 X\r\nContent-Length: 0", drops: ["content-length"]),
    Case(
      head: "204 X\r\nContent-Length: 5", body: "hello", drops: ["content-length", "hello"],
      closedBy: "not_persistent"),
    Case(
      head: "204 X\r\nTransfer-Encoding: chunked", body: "0\r\n\r\n",
      drops: ["transfer-encoding"], closedBy: "not_persistent"),
    Case(
      head: "204 X\r\nTransfer-Encoding: identity\r\nContent-Length: x",
      drops: ["transfer-encoding", "content-length"], closedBy: "not_persistent"),
    Case(
      method: "HEAD", head: "204 X\r\nContent-Length: 5", drops: ["content-length"],
      closedBy: "not_persistent"),
    Case(method: "HEAD", head: "200 OK\r\nContent-Length: 99", passes: ["Content-Length: 99"]),
    Case(
      method: "HEAD", head: "200 OK\r\nTransfer-Encoding: chunked", drops: ["transfer-encoding"]),
    Case(
      method: "HEAD", head: "200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 7",
      passes: ["Content-Length: 7"], drops: ["transfer-encoding"]),
    Case(head: "304 X\r\nContent-Length: 99", passes: ["Content-Length: 99"]),
    Case(
      head: "304 X\r\nTransfer-Encoding: chunked", body: "poison", drops: ["transfer-encoding"],
      closedBy: "unsolicited"),
    Case(head: "205 X\r\nContent-Length: 0", passes: ["Content-Length: 0"]),
  ])
  func endWithTheirHead(answer: Case) throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      while true {
        let request = try connection.receiveMessage()
        if request.isEmpty { return }
        let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        try connection.send(
          request.contains(" /odd ") ? "HTTP/1.1 \(answer.head)\r\n\r\n\(answer.body)" : ok)
      }
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let socket = try BlockingSocket.connect(port: proxy.port)
    try socket.send("\(answer.method) /odd HTTP/1.1\r\nHost: a\r\n\r\n")
    let head = try socket.receive(until: "\r\n\r\n")
    #expect(head.hasPrefix("HTTP/1.1 \(answer.head.prefix(3)) ") && head.hasSuffix("\r\n\r\n"))
    for line in answer.passes { #expect(head.contains("\r\n\(line)\r\n"), "\(head)") }
    for name in answer.drops { #expect(!head.lowercased().contains(name), "\(head)") }
    // The client's connection goes on: nothing of a body is on it.
    try socket.send(Self.get)
    #expect(try socket.receive(until: "\r\n\r\nok").hasPrefix("HTTP/1.1 200 "))
    if let reason = answer.closedBy { #expect(try proxy.closed(by: reason) == 1) }
    #expect(try proxy.opened() == (answer.closedBy == nil ? 1 : 2))
    socket.close()
    #expect(proxy.stop())
  }

  /// A 205 has no content, and is framed like any other (RFC 9110 §15.3.6): what came is not lost.
  @Test func passesA205ByItsLength() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in
      "HTTP/1.1 205 Reset\r\nContent-Length: 3\r\n\r\nabc"
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    #expect(try proxy.get("/").hasSuffix("\r\n\r\nabc"))
    #expect(proxy.stop())
  }

  /// The detail names what was wrong, and no field that is not there.
  @Test(arguments: [
    ("Content-Length: 5\r\nTransfer-Encoding: identity", "bad_transfer_encoding"),
    ("Content-Length: 5\r\nTransfer-Encoding: chunked", "length_and_chunked"),
    ("Content-Length: 5x", "bad_content_length"),
  ])
  func namesWhatIsWrong(fields: String, detail: String) throws {
    let endpoint = try ScriptedEndpoint.answering { _ in "HTTP/1.1 200 OK\r\n\(fields)\r\n\r\nhello"
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try proxy.get("/")
    try proxy.expectAnswered(answer, as: .malformedResponse)
    #expect(answer.contains("malformed_response: \(detail)\""), "\(answer)")
    #expect(
      try proxy.metric("weir_parser_rejections_total{message=\"response\",fault=\"\(detail)\"}")
        == 1)
    #expect(proxy.stop())
  }

  /// RFC 9110 §6.6.1: an answer without `Date` gets one, a `Date` that is there stays the only one.
  @Test(arguments: [
    ("", 1), ("Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n", 1),
    ("Connection: date\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n", 1),
    ("Connection: x-hop\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\n", 1),
  ])
  func haveADate(field: String, count: Int) throws {
    let endpoint = try ScriptedEndpoint.answering { _ in
      "HTTP/1.1 200 OK\r\n\(field)Content-Length: 0\r\n\r\n"
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try proxy.get("/")
    let dates = answer.matches(of: /\r\n[Dd]ate: (\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT)\r\n/)
    #expect(dates.count == count, "\(answer)")
    let isOwn = field.isEmpty || field.hasPrefix("Connection: date")
    #expect(answer.contains("1970") != isOwn, "\(answer)")
    #expect(proxy.stop())
  }

  /// A route that decides on the field keeps the last word.
  @Test func leavesTheDateToTheRoute() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in "HTTP/1.1 204 X\r\n\r\n" }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      routes:
        "[{ match: { prefix: / }, upstream: service, headers: { response: { remove: [date] } } }]")
    #expect(!(try proxy.get("/").lowercased().contains("\r\ndate: ")))
    #expect(proxy.stop())
  }
}
