import Foundation
import Primitives
import Testing
import WeirTesting

@testable import ControlPlane

/// Who may change something at the admin address, and what stands on the public one.
@Suite(.serialized)
struct AdminOriginTests {
  @Test(
    arguments: [
      // No browser.
      (nil, "anything.example", true), (nil, nil, true),
      // The page of this very address.
      ("http://127.0.0.1:9901", "127.0.0.1:9901", true),
      ("http://[::1]:9901", "[::1]:9901", true), ("http://localhost:9901", "localhost:9901", true),
      ("http://LOCALHOST:9901", "localhost:9901", true), ("http://10.1.2.3", "10.1.2.3:80", true),
      ("http://weir.ndp.test:9901", "weir.ndp.test:9901", true),
      // A foreign page, a file, a sandbox.
      ("http://evil.example", "127.0.0.1:9901", false), ("null", "127.0.0.1:9901", false),
      ("http://127.0.0.1:8000", "127.0.0.1:9901", false),
      ("https://127.0.0.1:9901", "127.0.0.1:9901", false),
      ("http://127.0.0.1:9901@evil.example", "127.0.0.1:9901", false),
      ("http://127.0.0.1:9901/x", "127.0.0.1:9901", false), ("", "127.0.0.1:9901", false),
      ("http://localhost.evil.example:9901", "localhost:9901", false),
      // A name that somebody made point here.
      ("http://evil.example:9901", "evil.example:9901", false),
      ("http://127.0.0.1.evil.example", "127.0.0.1.evil.example", false),
      ("http://localhost", nil, false), ("http://127.0.0.1:x", "127.0.0.1:x", false),
    ] as [(String?, String?, Bool)])
  func judgesByOriginAndHost(origin: String?, host: String?, isAllowed: Bool) {
    #expect(
      AdminOrigin.isAllowed(origin, host: host, hosts: ["weir.ndp.test"]) == isAllowed,
      "\(origin ?? "none") at \(host ?? "none")")
  }

  private func send(
    _ method: String, _ path: String, _ fields: String, to port: UInt16, body: String = ""
  ) throws -> String {
    let socket = try BlockingSocket.connect(port: port)
    defer { socket.close() }
    try socket.send(
      "\(method) \(path) HTTP/1.1\r\n\(fields)Connection: close\r\nContent-Length: \(body.utf8.count)"
        + "\r\n\r\n\(body)")
    return try socket.receiveAll()
  }

  /// Whatever changes something: a foreign page may not, and nothing changes; reads go on.
  @Test(arguments: [
    ("POST", "/drain", ""), ("PUT", "/log-level", "debug"),
    ("PUT", "/circuit-breakers/service", "forced_open"), ("DELETE", "/nothing", ""),
  ])
  func aForeignPageChangesNothing(method: String, path: String, body: String) throws {
    let service = try NamedService()
    let proxy = try RunningProxy(endpoints: [service.port], upstream: "circuit_breaker: {}")
    let host = "Host: 127.0.0.1:\(proxy.adminPort)\r\n"
    let foreign = try send(
      method, path, host + "Origin: http://evil.example\r\n", to: proxy.adminPort, body: body)
    #expect(foreign.hasPrefix("HTTP/1.1 403 ") && foreign.contains("admin.hosts"), "\(foreign)")
    #expect(try proxy.ask().status == 200)
    #expect(try proxy.admin("/readyz").hasPrefix("HTTP/1.1 200 "))
    let read = try send(
      "GET", "/upstreams", host + "Origin: http://evil.example\r\n", to: proxy.adminPort)
    #expect(read.hasPrefix("HTTP/1.1 200 "))
    // curl, and a page of this address.
    for fields in ["Host: whoever\r\n", "\(host)Origin: http://127.0.0.1:\(proxy.adminPort)\r\n"] {
      let own = try send(method, path, fields, to: proxy.adminPort, body: body)
      #expect(!own.hasPrefix("HTTP/1.1 403 "), "\(own)")
    }
    #expect(proxy.stop())
  }

  /// The public address has the probes and the metrics, and nothing that tells more or changes anything.
  @Test func thePublicAddressServesThreePages() throws {
    let service = try NamedService()
    let proxy = try RunningProxy(
      """
      workers: 1
      admin: { address: 127.0.0.1:0, public: 127.0.0.1:0 }
      drain: { delay: 0s, timeout: 5s }
      listeners:
        - name: ingress
          address: 127.0.0.1:0
          routes: [{ match: {}, upstream: service }]
      upstreams:
        service: { endpoints: ["127.0.0.1:\(service.port)"] }
      """)
    let port = try #require(proxy.plane.publicAdmin?.port)
    #expect(port != proxy.adminPort)
    let host = "Host: a\r\n"
    for path in ["/livez", "/readyz", "/metrics", "/metrics/"] {
      #expect(try send("GET", path, host, to: port).hasPrefix("HTTP/1.1 200 "), "\(path)")
    }
    for (method, path) in [
      ("GET", "/config"), ("GET", "/upstreams"), ("GET", "/routes"), ("GET", "/explain"),
      ("GET", "/circuit-breakers"), ("POST", "/drain"), ("PUT", "/log-level"), ("POST", "/metrics"),
      ("GET", "/"), ("GET", "/livez/x"),
    ] {
      let answer = try send(method, path, host, to: port)
      #expect(answer.hasPrefix("HTTP/1.1 404 "), "\(method) \(path): \(answer)")
      #expect(answer.contains("only GET /livez, GET /readyz and GET /metrics"), "\(answer)")
    }
    #expect(try proxy.admin("/config").contains("\"public\":\"127.0.0.1:0\""))
    #expect(proxy.stop())
  }

  @Test func theAddressesMustDiffer() throws {
    let file = NSTemporaryDirectory() + "weir-admin-\(UUID().uuidString).yaml"
    defer { try? FileManager.default.removeItem(atPath: file) }
    try """
    admin: { address: 127.0.0.1:9901, public: 127.0.0.1:9901 }
    listeners: [{ name: a, address: 127.0.0.1:8080, routes: [{ match: {}, respond: {} }] }]
    """.write(toFile: file, atomically: true, encoding: .utf8)
    let output = try Command.run("sh", ["-c", "\"$0\" check \(file) 2>&1", try WeirProcess.binary])
    #expect(output.contains("admin.address is 127.0.0.1:9901 too; change one"), "\(output)")
  }
}
