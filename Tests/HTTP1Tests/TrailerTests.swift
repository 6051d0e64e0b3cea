import HTTP1
import HTTPModel
import Primitives
import Testing

/// Which trailers are sent on: what a head alone may say is refused or left out (RFC 9110 §6.5.1).
struct TrailerTests {
  private func end(
    _ trailers: String, omitting omitted: FieldSet = .none, others: [String] = [],
    nominatesOthers: Bool = false
  ) throws -> String {
    let decoder = BodyDecoder(framing: .chunked)
    let bytes = Array("0\r\n\(trailers)\r\n".utf8)
    let step = try decoder.decode(bytes.span)
    try #require(step.isComplete && step.framing == bytes.count)
    let out = Buffer(capacity: 16_384)
    let fits = ChunkEncoder.appendEnd(to: out) {
      decoder.appendTrailers(
        omitting: omitted, others: others.map { Array($0.utf8) },
        nominatesOthers: nominatesOthers, to: $0)
    }
    try #require(fits)
    var text: [UInt8] = []
    for index in out.readable.indices { text.append(out.readable[index]) }
    return String(decoding: text, as: UTF8.self)
  }

  @Test func keepsTheRest() throws {
    let lines = "X-Sum: 1\r\nServer-Timing: a\r\nGrpc-Status: 0\r\nProxy-Status: b\r\n"
    #expect(try end(lines) == "0\r\n\(lines)\r\n")
    #expect(try end("") == "0\r\n\r\n")
  }

  @Test(arguments: [
    "Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "Content-Encoding",
    "Content-Range", "Content-Type", "Cache-Control", "Max-Forwards", "Range", "If-Match", "Age",
    "Date", "Expires", "Location", "Retry-After", "Vary", "Warning", "X-Request-ID", "traceparent",
    "tracestate", "b3", "X-B3-TraceId", "X-B3-Sampled", "Idempotency-Key", "X_Forwarded_For",
    "Set_Cookie", "Transfer_Encoding",
  ])
  func drops(name: String) throws {
    #expect(try end("A: 1\r\n\(name): x\r\nB: 2\r\n") == "0\r\nA: 1\r\nB: 2\r\n\r\n")
  }

  @Test(arguments: [
    "Host", "Content-Length", "Transfer-Encoding", "Trailer", "TE", "Upgrade", "Connection",
    "Keep-Alive", "Expect", "HTTP2-Settings", "Forwarded", "X-Forwarded-For",
  ])
  func refuses(name: String) {
    #expect(throws: BodyFault.forbiddenTrailer) { _ = try end("\(name): x\r\n") }
  }

  @Test func leavesOutWhatTheHeadLeavesOut() throws {
    let lines = "X-User: a\r\nX_User: b\r\nX-Sum:1\r\nVia: c\r\n"
    #expect(
      try end(lines, omitting: FieldSet(.via), others: ["x-user"]) == "0\r\nX-Sum: 1\r\n\r\n")
    // The names are not at hand: nothing is sent on.
    #expect(try end(lines, nominatesOthers: true) == "0\r\n\r\n")
  }

  /// What is dropped counts towards the ceilings.
  @Test func capsWhatIsDropped() {
    let long = String(repeating: "a", count: 4000)
    #expect(throws: BodyFault.trailersTooLarge) {
      _ = try end(String(repeating: "Cookie: \(long)\r\n", count: 3))
    }
    #expect(throws: BodyFault.trailersTooLarge) {
      _ = try end(String(repeating: "Cookie: a\r\n", count: 33))
    }
  }
}
