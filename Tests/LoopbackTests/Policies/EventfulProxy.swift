import ControlPlane
import Foundation
import Primitives
import WeirTesting

/// A proxy to which all has happened whose counters are not there before it happens.
struct EventfulProxy {
  let proxy: RunningProxy
  private let service: NamedService
  private let dead: PortReservation
  private let own: TestAuthority.Issued

  init() throws {
    service = try NamedService()
    dead = try PortReservation()
    own = try TestAuthority().issue("own", TestAuthority.server)
    proxy = try RunningProxy(
      endpoints: [service.port, dead.port],
      routes: """
        [{ match: { path: /broken }, upstream: service, retry: { on: [5xx] },
               circuit_breaker: { consecutive_failures: 1, open_for: 60s } },
             { match: { path: /secured }, upstream: secured },
             { match: { prefix: / }, upstream: service,
               retry: { attempts: 2, on: [connect-failure], backoff: { base: 1ms, max: 1ms } },
               hedge: { percentile: 50%, budget: 100% } }]
        """,
      listener:
        "authorize: { default: allow, rules: [{ action: deny, path: /denied }] }\n    tls: { certificate: \(own.certificate), key: \(own.key), mode: permissive }\n"
        + "  - { name: tunnel, address: 127.0.0.1:0, protocol: tcp, upstream: closed, proxy_protocol: true }",
      upstream: """
        outlier_detection: {}
            health_check: { interval: 60s }
            circuit_breaker: {}
            adaptive_concurrency: {}
            shedding: { mode: shadow }
          secured:
            endpoints: [127.0.0.1:\(service.port)]
            tls: { trust: \(own.authority.bundle), server_name: a }
            timeouts: { connect: 100ms }
          closed: { protocol: tcp, endpoints: [127.0.0.1:\(dead.port)] }
        """, top: "telemetry: { metrics: { endpoints: 8 } }")
    try retryAndEject()
    try refuseARetryAndOpen()
    try hedge()
    try renew()
    try tunnel()
  }

  private func tunnel() throws {
    guard let port = proxy.plane.addresses.listeners["tunnel"]?.port else { return }
    let socket = try BlockingSocket.connect(port: port)
    try socket.send("PROXY UNKNOWN\r\n")
    _ = try? socket.receive()
    _ = try proxy.eventually {
      try proxy.admin("/metrics").contains("weir_tcp_connections_total{")
    }
  }

  /// An endpoint does not speak TLS, and a certificate's file changes.
  private func renew() throws {
    _ = try proxy.get("/secured")
    _ = try proxy.get("/denied")
    _ = try proxy.exchange(
      "POST /denied HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\n"
        + "Connection: close\r\n\r\n")
    let file = URL(filePath: own.certificate)
    try (try Data(contentsOf: file) + Data("\n".utf8)).write(to: file)
    _ = try proxy.eventually {
      try proxy.admin("/metrics").contains("weir_certificate_reloads_total{")
    }
  }

  private func retryAndEject() throws {
    _ = try proxy.eventually {
      _ = try proxy.get("/")
      return try proxy.ejections("connect_refused") == 1
    }
  }

  private func refuseARetryAndOpen() throws {
    service.answer(500)
    _ = try proxy.exchange(
      "POST /broken HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    service.answer(200)
  }

  /// After a hundred answers it is known what is slow.
  private func hedge() throws {
    let request = "GET / HTTP/1.1\r\nHost: a\r\n"
    _ = try proxy.exchange(
      String(repeating: request + "\r\n", count: 110) + request + "Connection: close\r\n\r\n")
    let held = try proxy.hold()
    _ = try proxy.eventually { try proxy.admin("/metrics").contains("weir_hedges_total{") }
    service.release(2)
    _ = try held.receiveAll()
  }
}
