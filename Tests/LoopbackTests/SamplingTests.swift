import Testing
import WeirTesting

/// A caller that decides about sampling and leaves the trace to us.
@Suite(.serialized)
struct SamplingTests {
  @Test(arguments: [
    ("b3: 0", "00"), ("b3: 1", "01"), ("b3: d", "01"), ("X-B3-Sampled: 0", "00"),
    ("X-B3-Flags: 1", "01"), ("b3: 7", "01"),
  ])
  func honoursALoneDecision(field: String, flags: String) throws {
    let endpoint = try ScriptedEndpoint.answering { request in
      let line = request.split(separator: "\r\n").first { $0.hasPrefix("traceparent: ") } ?? ""
      return "HTTP/1.1 200 OK\r\nContent-Length: \(line.utf8.count)\r\n\r\n\(line)"
    }
    let proxy = try RunningProxy(endpoints: [endpoint.port])
    let answer = try proxy.get("/", headers: field + "\r\n")
    #expect(answer.contains("traceparent: 00-") && answer.hasSuffix("-\(flags)"), "\(answer)")
    #expect(try !proxy.get("/", headers: field + "\r\n").hasSuffix(answer.suffix(55)))
    #expect(proxy.stop())
  }
}
