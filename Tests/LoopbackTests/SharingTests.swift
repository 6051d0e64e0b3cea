import ControlPlane
import Foundation
import Primitives
import Reactor
import Testing
import WeirTesting

/// What workers share of an upstream's limits, and what a reload changes of them.
@Suite(.serialized)
struct SharingTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

  private func yaml(_ port: UInt16, _ upstream: String, workers: Int = 1) -> String {
    """
    workers: \(workers)
    admin: { address: 127.0.0.1:0 }
    drain: { delay: 0s, timeout: 5s }
    listeners:
      - { name: ingress, address: "127.0.0.1:0", routes: [{ match: { prefix: / }, upstream: service }] }
    upstreams:
      service:
        endpoints: ["127.0.0.1:\(port)"]
        \(upstream)
    """
  }

  private func reload(_ proxy: RunningProxy, _ yaml: String) throws {
    try proxy.rewrite(yaml)
    proxy.plane.reload()
    #expect(try proxy.eventually { try proxy.metric("weir_config_reloads_total") >= 1 })
  }

  /// One connection for all, and everyone waits all the time: each client is served again before
  /// long, whichever worker it is on.
  @Test func starvesNoWorker() throws {
    let clients = 12
    let served = Lock<[String]>([])
    let known = Lock<RunningProxy?>(nil)
    let pending = "weir_upstream_requests_pending{upstream=\"service\"}"
    let endpoint = try ScriptedEndpoint { connection, _ in
      while true {
        let request = try connection.receiveMessage()
        guard let path = request.split(separator: " ").dropFirst().first else { return }
        let count = served.withLock { served in
          served.append(String(path))
          return served.count
        }
        let proxy = known.withLock { $0 }
        if count <= 240, let proxy {
          _ = try proxy.eventually { try proxy.metric(pending) >= Double(clients - 1) }
        }
        let body = count <= 240 ? "more" : "stop"
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\(body)")
      }
    }
    let proxy = try RunningProxy(
      yaml(
        endpoint.port, "limits: { connections: 1 }\n    timeouts: { pending: 10m }", workers: 2))
    known.withLock { $0 = proxy }
    let port = proxy.port
    let threads = (0..<clients).map { index in
      LoopThread(name: "client-\(index)") {
        guard let socket = try? BlockingSocket.connect(port: port) else { return }
        var answer = "more"
        while answer.hasSuffix("more") {
          try? socket.send("GET /\(index) HTTP/1.1\r\nHost: a\r\n\r\n")
          answer = (try? socket.receiveMessage()) ?? ""
        }
      }
    }
    for thread in threads { thread.join() }
    let order = served.withLock { Array($0.prefix(240)) }
    for start in stride(from: 0, to: 180, by: 20) {
      #expect(Set(order[start..<start + 60]).count == clients, "from \(start): \(order)")
    }
    #expect(try proxy.metric("weir_upstream_connections{upstream=\"service\"}") <= 1)
    known.withLock { $0 = nil }
    #expect(proxy.stop())
  }

  @Test func aRaisedLimitWakesWhoWaits() throws {
    let release = DispatchSemaphore(value: 0)
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      release.wait()
      try connection.send(Self.ok)
    }
    let proxy = try RunningProxy(yaml(endpoint.port, "limits: { connections: 1 }"))
    let clients = try (0..<3).map { _ in
      let socket = try BlockingSocket.connect(port: proxy.port)
      try socket.send(Self.get)
      return socket
    }
    let pending = "weir_upstream_requests_pending{upstream=\"service\"}"
    #expect(try proxy.eventually { try proxy.metric(pending) == 2 })
    try reload(proxy, yaml(endpoint.port, "limits: { connections: 3 }"))
    let attempts = "weir_upstream_attempts_total{upstream=\"service\"}"
    #expect(try proxy.eventually { try proxy.metric(attempts) == 3 })
    for _ in clients { release.signal() }
    for client in clients {
      #expect(try client.receive(until: "\r\n\r\nok").hasPrefix("HTTP/1.1 200 "))
    }
    #expect(proxy.stop())
  }

  @Test func aChangedPoolPolicyHoldsForKnownEndpoints() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let proxy = try RunningProxy(yaml(endpoint.port, "timeouts: { pool_idle: 1h }"))
    let idle = "weir_upstream_connections_idle{upstream=\"service\"}"
    #expect(try proxy.get("/").hasPrefix("HTTP/1.1 200 "))
    #expect(try proxy.metric(idle) == 1)
    try reload(proxy, yaml(endpoint.port, "limits: { idle_connections: 0 }"))
    #expect(try proxy.metric(idle) == 0)
    #expect(try proxy.get("/").hasPrefix("HTTP/1.1 200 "))
    #expect(try proxy.metric(idle) == 0)
    #expect(
      try proxy.metric(
        "weir_upstream_connections_closed_total{upstream=\"service\",by=\"surplus\"}") == 1)
    #expect(proxy.stop())
  }

  /// A connection that lives long is seen while it lives.
  @Test func countsBytesOfOpenConnections() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let proxy = try RunningProxy(yaml(endpoint.port, "timeouts: { pool_idle: 1h }"))
    let socket = try BlockingSocket.connect(port: proxy.port)
    for _ in 0..<2 {
      try socket.send(Self.get)
      #expect(try socket.receive(until: "\r\n\r\nok").hasPrefix("HTTP/1.1 200 "))
    }
    #expect(
      try proxy.metric("weir_downstream_received_bytes_total") == Double(2 * Self.get.utf8.count))
    #expect(try proxy.metric("weir_downstream_sent_bytes_total") > 2 * 30)
    #expect(
      try proxy.metric("weir_upstream_received_bytes_total{upstream=\"service\"}")
        == Double(2 * Self.ok.utf8.count))
    #expect(try proxy.metric("weir_upstream_sent_bytes_total{upstream=\"service\"}") > 2 * 30)
    socket.close()
    let open = "weir_downstream_connections"
    #expect(try proxy.eventually { try proxy.metric(open) == 0 })
    #expect(
      try proxy.metric("weir_downstream_received_bytes_total") == Double(2 * Self.get.utf8.count))
    #expect(proxy.stop())
  }
}
