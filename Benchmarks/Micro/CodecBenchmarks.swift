import Benchmark
import HTTP1
import HTTPModel
import Primitives

/// Heads and bodies as they pass Weir, decoded from whole buffers.
enum CodecBenchmarks {
  /// 515 bytes: what a service of the platform sends, with token and trace fields.
  static let request: [UInt8] = {
    let head =
      "POST /fhir/MedicationRequest/rx-0000001/$sign HTTP/1.1\r\n"
      + "Host: prescription-service.ndp.test:3001\r\n"
      + "User-Agent: api-gateway/4.2.1\r\nAccept: application/fhir+json\r\n"
      + "Content-Type: application/fhir+json; charset=utf-8\r\nContent-Length: 0\r\n"
      + "X-Request-Id: 7f1b0c52-9d1e-4f0a-b1f7-1f0c7f0f8a11\r\n"
      + "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"
      + "X-Forwarded-For: 10.0.4.17\r\nX-Forwarded-Proto: https\r\nAuthorization: Bearer "
    return filled(head, with: "e", to: 515)
  }()

  static let response: [UInt8] = filled(
    "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Tue, 24 Nov 2026 17:00:00 GMT\r\n"
      + "Content-Type: application/fhir+json\r\nContent-Length: 110\r\n"
      + "Connection: keep-alive\r\nETag: W/\"",
    with: "7", to: 220)

  /// 16 chunks of 1 KiB.
  static let chunked: [UInt8] = {
    let chunk = Array("400\r\n".utf8) + [UInt8](repeating: 0x61, count: 1024) + Array("\r\n".utf8)
    return (0..<16).flatMap { _ in chunk } + Array("0\r\n\r\n".utf8)
  }()

  private static func filled(_ head: String, with byte: Character, to count: Int) -> [UInt8] {
    let room = count - head.utf8.count - 4
    return Array((head + String(repeating: byte, count: room) + "\r\n\r\n").utf8)
  }

  static func register() {
    Benchmark("request-head-515-bytes") { benchmark in
      var decoder = RequestDecoder(limits: HeadLimits())
      let head = HTTP1RequestHead()
      for _ in benchmark.scaledIterations {
        let isWhole = try decoder.decode(request.span, into: head)
        precondition(isWhole && head.headBytes == 515, "the head is whole")
      }
      blackHole(head)
    }
    Benchmark("response-head-220-bytes") { benchmark in
      var decoder = ResponseDecoder(limits: HeadLimits())
      let head = HTTP1ResponseHead()
      for _ in benchmark.scaledIterations {
        let isWhole = try decoder.decode(response.span, answering: .get, into: head)
        precondition(isWhole && head.headBytes == 220, "the head is whole")
      }
      blackHole(head)
    }
    Benchmark("chunked-body-16-KiB") { benchmark in
      var payload = 0
      for _ in benchmark.scaledIterations { payload &+= try decodeChunked() }
      precondition(payload == benchmark.scaledIterations.count * 16 * 1024, "all of it")
      blackHole(payload)
    }
  }

  private static func decodeChunked() throws -> Int {
    let decoder = BodyDecoder(framing: .chunked)
    var start = 0
    var payload = 0
    while !decoder.isComplete {
      let step = try decoder.decode(chunked.span.extracting(start..<chunked.count))
      start += step.framing + step.payload
      payload += step.payload
      if step.isStuck { break }
    }
    return payload
  }
}
