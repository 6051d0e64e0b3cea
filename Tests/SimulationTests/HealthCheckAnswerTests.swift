import ControlPlane
import HTTP1
import HTTPModel
import Primitives
import Testing
import Upstreams
import WeirTesting

/// What the health checker makes of answers, byte by byte, and whom it tells.
struct HealthCheckAnswerTests {
  private static let ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
  private static let ill = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
  private static let policy = HealthCheckPolicy()
  private static let question = HealthQuestion(path: "/health?a=b")

  /// The result of the first probe.
  private func result(
    _ conduct: CheckedMesh.Conduct?, _ question: HealthQuestion = question
  ) throws -> ProbeResult {
    let mesh = try CheckedMesh(seed: 7) { _, _ in conduct }
    mesh.check(Self.policy, [80], asking: question)
    // Longer than the probe may take, and shorter than until the next.
    mesh.run(for: .seconds(5))
    #expect(mesh.network.openSockets == 0)
    guard let change = mesh.changes.first?.change else {
      #expect(mesh.counted("success") == 1)
      return .success
    }
    guard case .probe(let result) = change.cause else {
      Issue.record("\(change)")
      return .success
    }
    return result
  }

  @Test func judgesTheStatus() throws {
    #expect(try result(.answers(Self.ok)) == .success)
    #expect(try result(.answers(Self.ill)) == .badStatus(503))
    #expect(try result(.answers("HTTP/1.0 200\r\n\r\n")) == .success)
    #expect(try result(.answers("HTTP/1.1 101 Now\r\nupgrade: a\r\n\r\n")) == .badStatus(101))
    var other = Self.question
    other.statuses = [200...200, 400...499]
    #expect(try result(.answers("HTTP/1.1 404 Not Found\r\n\r\n"), other) == .success)
    #expect(try result(.answers("HTTP/1.1 204 No Content\r\n\r\n"), other) == .badStatus(204))
  }

  @Test(arguments: [1, 2, 3, 7])
  func takesAnswersInPieces(bytes: Int) throws {
    let early = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"
    let pause = Duration.milliseconds(1)
    #expect(try result(.drips(early + Self.ok, bytes: bytes, pause: pause)) == .success)
    #expect(try result(.drips(early + Self.ill, bytes: bytes, pause: pause)) == .badStatus(503))
  }

  @Test func failsWhereThereIsNoAnswer() throws {
    #expect(try result(nil) == .connectRefused)
    #expect(try result(.closes) == .closed)
    #expect(try result(.resets) == .closed)
    #expect(try result(.hangs) == .timeout)
    #expect(try result(.answers("SSH-2.0-OpenSSH_9.9\r\n")) == .malformed(.sshBanner))
    #expect(try result(.answers("HTTP/1.1 2OO OK\r\n\r\n")) == .malformed(.badStatus))
  }

  @Test func boundsTheAnswer() throws {
    let field = "a: \(String(repeating: "b", count: 1000))\r\n"
    let long = "HTTP/1.1 200 OK\r\n" + String(repeating: field, count: 9) + "\r\n"
    #expect(try result(.answers(long)) == .malformed(.headTooLarge))
    let many = "HTTP/1.1 200 OK\r\n" + String(repeating: "a: b\r\n", count: 101) + "\r\n"
    #expect(try result(.answers(many)) == .malformed(.tooManyFields))
    let interim = "HTTP/1.1 100 Continue\r\n\r\n"
    let flood = String(repeating: interim, count: 700) + Self.ok
    #expect(try result(.answers(flood)) == .malformed(.headTooLarge))
    #expect(try result(.drips(flood, bytes: 25, pause: .zero)) == .malformed(.headTooLarge))
  }

  @Test func aConnectionIsEnoughForTCP() throws {
    let mesh = try CheckedMesh(seed: 8) { port, _ in port == 1 ? .hangs : nil }
    mesh.check(Self.policy, 1...2, asking: HealthQuestion())
    mesh.run(for: .seconds(3))
    #expect(mesh.changes.map(\.change.endpoint) == [CheckedMesh.endpoint(2)])
    #expect(mesh.counted("success") == 1 && mesh.requests.isEmpty)
  }

  @Test func asksAsConfigured() throws {
    let mesh = try CheckedMesh(seed: 9) { _, _ in .answers(Self.ok) }
    mesh.check(Self.policy, [8080], asking: Self.question)
    mesh.run { !mesh.requests.isEmpty }
    let plain = mesh.requests[0]
    #expect(plain.startLine == "GET /health?a=b HTTP/1.1")
    #expect(plain["host"] == "127.0.0.1:8080" && plain["connection"] == "close")
    #expect(plain["user-agent"] == "weir-health-check" && plain.fields.count == 3)
    var other = Self.question
    other.port = 9999
    mesh.check(Self.policy, [8080], asking: other)
    mesh.run { mesh.requests.count == 2 }
    #expect(mesh.startedAt[9999]?.count == 1 && mesh.requests[1]["host"] == "127.0.0.1:9999")
    other.host = "orders.internal"
    mesh.check(Self.policy, [8080], asking: other)
    mesh.run { mesh.requests.count == 3 }
    #expect(mesh.startedAt[9999]?.count == 2 && mesh.requests[2]["host"] == "orders.internal")
  }

  /// More than the kernel takes at once, and more than a block holds.
  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func sendsALongPath(seed: UInt64) throws {
    let path = "/" + String(repeating: "a", count: 40_000)
    let mesh = try CheckedMesh(seed: seed) { _, _ in .answers(Self.ok) }
    let policy = HealthCheckPolicy(timeout: .seconds(60))
    mesh.check(policy, [80], asking: HealthQuestion(path: path))
    mesh.run { !mesh.requests.isEmpty }
    #expect(mesh.requests[0].startLine == "GET \(path) HTTP/1.1", "seed \(seed)")
    mesh.run { mesh.counted("success") == 1 }
  }
}
