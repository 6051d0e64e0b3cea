import Primitives
import Testing
import WeirTesting

/// Who is refused when there is too much: by the adaptive limit, by class, in the queue.
@Suite(.serialized)
struct SheddingTests {
  /// `low` may fill seven of ten places, `normal` nine (PriorityShedder's defaults).
  private static let routes = """
    [{ match: { path: /low }, upstream: service, priority: low },
           { match: { path: /critical }, upstream: service, priority: critical },
           { match: { path: /held-critical }, upstream: service, priority: critical },
           { match: { prefix: / }, upstream: service }]
    """
  private static let adaptive = "adaptive_concurrency: { minimum: 10, maximum: 10 }"

  private func hold(_ count: Int, _ proxy: RunningProxy) throws -> [BlockingSocket] {
    try (0..<count).map { _ in try proxy.hold("/held-critical") }
  }

  @Test func refusesAboveTheAdaptiveLimit() throws {
    let service = try NamedService()
    let proxy = try RunningProxy(
      endpoints: [service.port], upstream: "adaptive_concurrency: { minimum: 1, maximum: 1 }")
    let first = try proxy.hold()
    try proxy.expectAnswered(try proxy.get("/"), as: .concurrencyLimited)
    service.release()
    #expect(try first.receiveAll().hasPrefix("HTTP/1.1 200 "))
    #expect(try proxy.ask().status == 200)
    try proxy.expectNothingHeld()
    #expect(proxy.stop())
  }

  /// The same by the adaptive limit and by `limits.requests`.
  @Test(arguments: [
    (adaptive, FailureKind.concurrencyLimited), ("limits: { requests: 10 }", .requestsExceeded),
  ])
  func refusesTheLeastImportantFirst(limit: String, full: FailureKind) throws {
    let service = try NamedService()
    let proxy = try RunningProxy(
      endpoints: [service.port], routes: Self.routes, upstream: limit)
    var held = try hold(6, proxy)
    #expect(try proxy.ask("/low").status == 200)
    held += try hold(1, proxy)
    try proxy.expectAnswered(try proxy.get("/low"), as: .requestShed)
    #expect(try proxy.ask("/").status == 200)
    held += try hold(2, proxy)
    try proxy.expectAnswered(try proxy.get("/"), as: .requestShed, route: "4")
    #expect(try proxy.ask("/critical").status == 200)
    held += try hold(1, proxy)
    // Now there is no place for anybody, whatever the class.
    try proxy.expectAnswered(try proxy.get("/critical"), as: full, route: "2")
    try proxy.expectAnswered(try proxy.get("/low"), as: full)
    service.release(10)
    for client in held { #expect(try client.receiveAll().hasPrefix("HTTP/1.1 200 ")) }
    #expect(try proxy.eventually { try proxy.ask("/low").status == 200 })
    #expect(proxy.stop())
  }

  @Test func believesTheClassThatATrustedProxyNames() throws {
    let service = try NamedService()
    let proxy = try RunningProxy(
      endpoints: [service.port], routes: Self.routes, upstream: Self.adaptive)
    let held = try hold(7, proxy)
    let answer = try proxy.get("/", headers: "X-Weir-Priority: low\r\n")
    try proxy.expectAnswered(answer, as: .requestShed, route: "4")
    // It goes before the route's, upwards too, and the next proxy is told.
    #expect(try proxy.ask("/low", headers: "x-weir-priority: critical\r\n").status == 200)
    #expect(service.requests.last?.contains("\r\nx-weir-priority: critical\r\n") == true)
    // What is no class leaves the route's.
    #expect(try proxy.ask("/", headers: "x-weir-priority: lowest\r\n").status == 200)
    service.release(7)
    for client in held { #expect(try client.receiveAll().hasPrefix("HTTP/1.1 200 ")) }
    #expect(proxy.stop())
  }

  @Test(arguments: ["x-weir-priority", "x-class"])
  func doesNotBelieveTheClassThatAStrangerNames(field: String) throws {
    let service = try NamedService()
    let proxy = try RunningProxy(
      endpoints: [service.port], routes: Self.routes, upstream: Self.adaptive,
      top: "trusted_proxies: [192.0.2.0/24]\npriority_header: \(field)")
    let held = try hold(7, proxy)
    #expect(try proxy.ask("/", headers: "\(field): low\r\n").status == 200)
    #expect(service.requests.last?.contains(field) == false)
    #expect(try proxy.ask("/low", headers: "\(field): critical\r\n").status == 503)
    service.release(7)
    for client in held { #expect(try client.receiveAll().hasPrefix("HTTP/1.1 200 ")) }
    #expect(proxy.stop())
  }

  @Test func theFieldMayHaveAnotherName() throws {
    let service = try NamedService()
    let proxy = try RunningProxy(
      endpoints: [service.port], routes: Self.routes, upstream: Self.adaptive,
      top: "priority_header: X-Class")
    let held = try hold(7, proxy)
    #expect(try proxy.ask("/", headers: "x-class: low\r\n").status == 503)
    #expect(try proxy.ask("/", headers: "x-weir-priority: low\r\n").status == 200)
    service.release(7)
    for client in held { #expect(try client.receiveAll().hasPrefix("HTTP/1.1 200 ")) }
    #expect(proxy.stop())
  }

  @Test func shortensAQueueThatStands() throws {
    let service = try NamedService()
    let proxy = try RunningProxy(
      endpoints: [service.port],
      upstream: "limits: { connections: 1, pending_target: 5ms, pending_interval: 5ms }")
    let first = try proxy.hold()
    try proxy.expectAnswered(try proxy.get("/"), as: .pendingShed)
    try proxy.expectAnswered(try proxy.get("/"), as: .pendingShed, count: 2)
    #expect(try proxy.metric("weir_upstream_requests_pending{upstream=\"service\"}") == 0)
    service.release()
    #expect(try first.receiveAll().hasPrefix("HTTP/1.1 200 "))
    #expect(try proxy.ask().status == 200)
    try proxy.expectNothingHeld()
    #expect(proxy.stop())
  }
}
