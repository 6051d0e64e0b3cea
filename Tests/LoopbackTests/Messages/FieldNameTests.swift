import Foundation
import Primitives
import Testing
import WeirTesting

/// Names of fields keep the case in which they came, both ways (decision 0011); Weir's own are in
/// lower case.
@Suite(.serialized)
struct FieldNameTests {
  /// Each line's name, behind the first line.
  private static func names(_ head: Substring) -> [Substring] {
    head.split(separator: "\r\n").dropFirst().map { $0.prefix { $0 != ":" } }
  }

  /// `Forwarded` is not among them: beside `X-Forwarded-For` it is made anew.
  private static let request = """
    Host: a.test\r
    X-ODD-case: 1\r
    x-lower: 2\r
    Content-LENGTH: 2\r
    X-Request-ID: mine\r
    X-Forwarded-For: 10.0.0.9\r
    X-Forwarded-Proto: https\r
    X-Forwarded-Host: b.test\r
    TraceParent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r
    TraceState: a=b\r
    X-Envoy-Expected-Rq-Timeout-Ms: 5000\r
    X-Envoy-Attempt-Count: 2\r
    Grpc-Timeout: 5S\r\n
    """

  @Test(arguments: ["GET / HTTP/1.1", "GET http://a.test/ HTTP/1.1"])
  func keepTheirCaseInRequests(line: String) throws {
    let endpoint = try ScriptedEndpoint.answering { request in
      "HTTP/1.1 200 OK\r\nContent-Length: \(request.utf8.count)\r\n\r\n\(request)"
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try proxy.exchange("\(line)\r\n\(Self.request)Connection: close\r\n\r\nok")
    let forwarded = try #require(answer.components(separatedBy: "\r\n\r\n").dropFirst().first)
    let names = Self.names(Substring(forwarded))
    for name in Self.names(Substring("first\r\n" + Self.request)) {
      #expect(names.contains(name), "\(name) in \(forwarded)")
      #expect(names.filter { $0.lowercased() == name.lowercased() }.count == 1, "\(forwarded)")
    }
    // Whatever else there is, nobody sent.
    let sent = Set(Self.names(Substring("first\r\n" + Self.request)))
    for name in names where !sent.contains(name) {
      #expect(name == name.lowercased()[...], "\(name)")
    }
    #expect(proxy.stop())
  }

  /// The client names `Host` in `Connection`, leaves its blank out, sends it late: it is sent on.
  @Test(arguments: [
    ("Connection: close, Host\r\nHost: a.test\r\n", "Host: a.test"),
    ("Connection: close\r\nhOsT:a.test\r\n", "hOsT: a.test"),
    ("X: y\r\nConnection: close\r\nHOST: \r\n", "HOST: "),
  ])
  func sendsHostOnce(fields: String, line: String) throws {
    let endpoint = try ScriptedEndpoint.answering { request in
      "HTTP/1.1 200 OK\r\nContent-Length: \(request.utf8.count)\r\n\r\n\(request)"
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try proxy.exchange("GET / HTTP/1.1\r\n\(fields)\r\n")
    #expect(answer.contains("\r\n\(line)\r\n"), "\(answer)")
    #expect(answer.matches(of: /\r\n[Hh][Oo][Ss][Tt]:/).count == 1, "\(answer)")
    #expect(proxy.stop())
  }

  @Test(arguments: [
    "CONTENT-length: 2\r\nSERVER: x\r\nDaTe: Thu, 01 Jan 1970 00:00:00 GMT\r\nset-cookie: a\r\n",
    "Transfer-ENCODING: chunked\r\nX-A: b\r\n",
  ])
  func keepTheirCaseInAnswers(fields: String) throws {
    let body = fields.contains("chunked") ? "2\r\nok\r\n0\r\nX-End: 1\r\n\r\n" : "ok"
    let endpoint = try ScriptedEndpoint.answering { _ in "HTTP/1.1 200 OK\r\n\(fields)\r\n\(body)" }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      routes:
        "[{ match: { prefix: / }, upstream: service, headers: { response: { set: { X-Set: 1 } } } }]"
    )
    let answer = try proxy.get("/")
    for line in fields.split(separator: "\r\n") {
      #expect(answer.contains("\r\n\(line)\r\n"), "\(answer)")
    }
    // What the configuration sets is spelled as it is there.
    #expect(answer.contains("\r\nX-Set: 1\r\n") && answer.contains("\r\nconnection: close\r\n"))
    #expect(answer.hasSuffix(body))
    #expect(proxy.stop())
  }

  /// Answers of Weir's own.
  @Test func areInLowerCaseInOwnAnswers() throws {
    let proxy = try RunningProxy(
      endpoints: [1],
      routes:
        "[{ match: { path: /moved }, redirect: { path: / } }, { match: { path: /up }, upstream: service }]"
    )
    for path in ["/alive", "/moved", "/up", "/nowhere"] {
      let head = try proxy.get(path).components(separatedBy: "\r\n\r\n")[0]
      let names = Self.names(Substring(head))
      #expect(names.count > 2 && names.allSatisfy { $0 == $0.lowercased()[...] }, "\(head)")
    }
    #expect(proxy.stop())
  }
}
