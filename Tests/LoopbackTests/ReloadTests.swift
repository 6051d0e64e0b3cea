import ControlPlane
import Foundation
import Primitives
import Testing
import WeirTesting

/// A configuration that changes under traffic.
@Suite(.serialized)
struct ReloadTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  private func yaml(_ endpoint: ScriptedEndpoint, routes: String, connections: Int = 8) -> String {
    """
    workers: 2
    admin: { address: 127.0.0.1:0 }
    listeners:
      - { name: ingress, address: "127.0.0.1:0", routes: [\(routes)] }
    upstreams:
      service: { endpoints: ["127.0.0.1:\(endpoint.port)"], limits: { connections: \(connections) } }
    """
  }

  @Test func takesANewFileWithoutDroppingAConnection() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let proxy = try RunningProxy(
      yaml(endpoint, routes: "{ match: { path: /a }, upstream: service }"))
    let open = try BlockingSocket.connect(port: proxy.port)
    try open.send("GET /b HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try open.receive(until: "no_route").hasPrefix("HTTP/1.1 404 "))
    // Nobody is told: the file's change is seen.
    try proxy.rewrite(yaml(endpoint, routes: "{ match: { path: /b }, upstream: service }"))
    #expect(try proxy.eventually { try proxy.metric("weir_config_reloads_total") == 1 })
    try open.send("GET /b HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try open.receive(until: "\r\n\r\nok").contains("HTTP/1.1 200 "))
    #expect(try proxy.get("/a").hasPrefix("HTTP/1.1 404 "))
    #expect(proxy.stop())
  }

  @Test func keepsTheOldFileWhenTheNewOneIsBad() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let good = yaml(endpoint, routes: "{ match: { path: /a }, upstream: service }")
    let proxy = try RunningProxy(good)
    try proxy.rewrite(yaml(endpoint, routes: "{ match: { path: /a }, upstraem: service }"))
    proxy.plane.reload()
    #expect(try proxy.eventually { try proxy.metric("weir_config_last_reload_good") == 0 })
    #expect(try proxy.metric("weir_config_reloads_refused_total") >= 1)
    #expect(try proxy.get("/a").hasPrefix("HTTP/1.1 200 "))
    let ready = try proxy.admin("/readyz")
    #expect(ready.hasPrefix("HTTP/1.1 200 ") && ready.contains("upstraem"), "\(ready)")
    #expect(try proxy.admin("/config").contains("upstraem"))
    try proxy.rewrite(good)
    proxy.plane.reload()
    #expect(try proxy.eventually { try proxy.metric("weir_config_last_reload_good") == 1 })
    #expect(try !proxy.admin("/readyz").contains("refused"))
    #expect(proxy.stop())
  }

  /// Kubernetes swaps the link `..data` when a ConfigMap changes.
  @Test func seesALinkThatIsSwapped() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let folder = NSTemporaryDirectory() + "weir-map-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for (version, path) in [("1", "/a"), ("2", "/b")] {
      try FileManager.default.createDirectory(
        atPath: "\(folder)/\(version)", withIntermediateDirectories: true)
      try yaml(endpoint, routes: "{ match: { path: \(path) }, upstream: service }")
        .write(toFile: "\(folder)/\(version)/weir.yaml", atomically: true, encoding: .utf8)
    }
    let files = FileManager.default
    try files.createSymbolicLink(atPath: "\(folder)/..data", withDestinationPath: "1")
    try files.createSymbolicLink(
      atPath: "\(folder)/weir.yaml", withDestinationPath: "..data/weir.yaml")
    let proxy = try RunningProxy(file: "\(folder)/weir.yaml")
    #expect(try proxy.get("/b").hasPrefix("HTTP/1.1 404 "))
    try files.createSymbolicLink(atPath: "\(folder)/..next", withDestinationPath: "2")
    _ = try Command.run("mv", ["-T", "\(folder)/..next", "\(folder)/..data"])
    #expect(try proxy.eventually { try proxy.get("/b").hasPrefix("HTTP/1.1 200 ") })
    #expect(proxy.stop())
  }

  /// Listeners come and go; one that only changes its routes is not touched.
  @Test func opensAndClosesListeners() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let reserved = try PortReservation()
    let port = reserved.port
    let before = yaml(endpoint, routes: "{ match: { prefix: / }, upstream: service }")
    let proxy = try RunningProxy(before)
    let second =
      "  - { name: second, address: \"127.0.0.1:\(port)\", "
      + "routes: [{ match: { prefix: / }, respond: { body: second } }] }\nupstreams:"
    try proxy.rewrite(before.replacingOccurrences(of: "upstreams:", with: second))
    proxy.plane.reload()
    #expect(try proxy.eventually { try proxy.metric("weir_config_reloads_total") >= 1 })
    let socket = try BlockingSocket.connect(port: port)
    try socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try socket.receive(until: "second").hasPrefix("HTTP/1.1 200 "))
    try proxy.rewrite(before)
    proxy.plane.reload()
    // Its idle connections end, and nobody listens any more.
    #expect(try socket.receiveAll().isEmpty)
    #expect(proxy.eventually { (try? BlockingSocket.connect(port: port)) == nil })
    #expect(try proxy.get("/").hasPrefix("HTTP/1.1 200 "))
    #expect(proxy.stop())
  }

  /// Who waits for an upstream that leaves the configuration is answered, not forgotten.
  @Test func answersWhoWaitsForAnUpstreamThatIsGone() throws {
    let release = DispatchSemaphore(value: 0)
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      release.wait()
      try connection.send(Self.ok)
    }
    let route = "{ match: { path: /a }, upstream: service }"
    let proxy = try RunningProxy(yaml(endpoint, routes: route, connections: 1))
    let held = try BlockingSocket.connect(port: proxy.port)
    try held.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
    let attempts = "weir_upstream_attempts_total{upstream=\"service\"}"
    #expect(try proxy.eventually { try proxy.metric(attempts) == 1 })
    let waiting = try BlockingSocket.connect(port: proxy.port)
    try waiting.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
    let pending = "weir_upstream_requests_pending{upstream=\"service\"}"
    #expect(try proxy.eventually { try proxy.metric(pending) == 1 })
    try proxy.rewrite(
      """
      admin: { address: 127.0.0.1:0 }
      listeners:
        - name: ingress
          address: 127.0.0.1:0
          routes: [{ match: { path: /b }, respond: { body: b } }]
      """)
    proxy.plane.reload()
    let answer = try waiting.receive(until: "}\n")
    #expect(answer.hasPrefix("HTTP/1.1 503 "), "\(answer)")
    #expect(answer.contains("error=destination_unavailable; details=\"no_endpoint\""))
    try proxy.expectCounted(.noEndpoint, 503)
    release.signal()
    #expect(try held.receive(until: "\r\n\r\nok").hasPrefix("HTTP/1.1 200 "))
    #expect(try proxy.get("/b").hasSuffix("\r\n\r\nb"))
    #expect(proxy.stop())
  }
}
