import Primitives
import Testing
import WeirTesting

/// What every failure owes: its row's answer, its count, and that nobody else is the worse for it.
extension RunningProxy {
  /// Judges `answer`, the only one so far of requests that failed as `kind`.
  func expectAnswered(
    _ answer: String, as kind: FailureKind, route: String? = nil, upstream: String = "service",
    count: Double = 1, _ location: SourceLocation = #_sourceLocation
  ) throws {
    let row = kind.row
    #expect(
      answer.hasPrefix("HTTP/1.1 \(row.status) "), "\(answer)", sourceLocation: location)
    #expect(
      answer.contains("proxy-status: weir; error=\(row.proxyStatus); details=\"\(kind.name)"),
      "\(answer)", sourceLocation: location)
    try expectCounted(
      kind, Int(row.status), route: route, upstream: upstream, count: count, location)
  }

  /// Waits until `kind` is counted, then sees that another connection is served and that no request
  /// is still held. `code`: what the client got, or 499.
  func expectCounted(
    _ kind: FailureKind, _ code: Int, route: String? = nil, upstream: String = "service",
    count: Double = 1, _ location: SourceLocation = #_sourceLocation
  ) throws {
    let isCounted = try eventually {
      try counted(kind.name, code, route: route, upstream: upstream) == count
    }
    #expect(isCounted, "\(kind.name) as \(code)", sourceLocation: location)
    guard hasAlive else { return }
    #expect(
      try exchange("GET /alive HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .hasSuffix("\r\n\r\nalive"), sourceLocation: location)
  }

  /// Nobody's request is in flight, here or at the endpoint.
  func expectNothingHeld(_ location: SourceLocation = #_sourceLocation) throws {
    let isFree = try eventually {
      try metric("weir_requests_active") == 0
        && metric("weir_upstream_requests_pending{upstream=\"service\"}") == 0
        && metric("weir_upstream_connections{upstream=\"service\"}")
          == metric("weir_upstream_connections_idle{upstream=\"service\"}")
    }
    #expect(isFree, sourceLocation: location)
  }

  /// How many connections to endpoints `reason` has ended.
  func closed(by reason: String) throws -> Double {
    try metric("weir_upstream_connections_closed_total{upstream=\"service\",by=\"\(reason)\"}")
  }

  func opened() throws -> Double {
    try metric("weir_upstream_connections_opened_total{upstream=\"service\"}")
  }

  /// Waits until `count` attempts have begun.
  func expectAttempts(_ count: Double, _ location: SourceLocation = #_sourceLocation) throws {
    let have = try eventually {
      try metric("weir_upstream_attempts_total{upstream=\"service\"}") >= count
    }
    #expect(have, sourceLocation: location)
  }
}
