import Foundation
import Glibc
import Testing
import WeirTesting

/// One peer does not spend what all need: descriptors are kept back for what must go on.
@Suite(.serialized)
struct DescriptorTests {
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  private func proxied(
    _ endpoint: ScriptedEndpoint, descriptors: Int? = nil, limits: String = ""
  ) throws -> WeirProcess {
    try WeirProcess(descriptors: descriptors) { _ in
      """
          routes: [{ match: { prefix: / }, upstream: service }]
      \(limits)
      upstreams: { service: { endpoints: ["127.0.0.1:\(endpoint.port)"] } }
      """
    }
  }

  private func metric(_ weir: WeirProcess, _ name: String) throws -> Double {
    let text = try weir.ask(weir.adminPort, "/metrics")
    let line = text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
    return line.flatMap { Double($0.dropFirst(name.count + 1)) } ?? .nan
  }

  /// Refused clients that stay are counted too: those beyond a few are reset, and everybody else is
  /// served meanwhile, on new connections to the endpoint.
  @Test func refusedConnectionsAreBounded() throws {
    let release = DispatchSemaphore(value: 0)
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      release.wait()
      try connection.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
    }
    let weir = try proxied(endpoint, limits: "limits: { connections: 10 }")
    let clients = try (0..<10).map { _ in try BlockingSocket.connect(port: weir.port) }
    var flood: [BlockingSocket] = []
    var most = 0.0
    for round in 1...5 {
      for client in clients { try client.send(Self.get) }
      let attempts = "weir_upstream_attempts_total{upstream=\"service\"}"
      #expect(weir.eventually { (try? metric(weir, attempts)) == Double(10 * round) })
      flood += (0..<400).compactMap { _ in try? BlockingSocket.connect(port: weir.port) }
      most = max(most, try metric(weir, "process_open_fds"))
      for _ in clients { release.signal() }
      for client in clients {
        #expect(try client.receive(until: "\r\n\r\nok").hasPrefix("HTTP/1.1 200 "))
      }
    }
    // 256 that linger, ten clients, ten to the endpoint, and its own.
    #expect(flood.count > 1500 && most < 256 + 20 + 40, "\(most) of \(flood.count)")
    #expect(try metric(weir, "weir_downstream_connections_refused_total") >= 1500)
    for socket in flood { socket.close() }
    weir.signal(SIGTERM)
    #expect(weir.wait() == 0)
  }

  /// More idle clients than there are descriptors: those that were let in are served, the admin
  /// listener answers, a newcomer takes an idle one's place, and the log says why from the start.
  @Test func idleClientsLeaveRoomForTheRest() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let weir = try proxied(endpoint, descriptors: 64)
    #expect(weir.log.contains("the limit of 64 descriptors leaves room for"), "\(weir.log)")
    let idle = try (0..<80).map { _ in try BlockingSocket.connect(port: weir.port) }
    // Until one has been idle for a second newcomers are refused, or reset.
    let isServed = weir.eventually {
      (try? weir.ask(weir.port, "/"))?.hasPrefix("HTTP/1.1 200 ") == true
    }
    #expect(isServed)
    #expect(try metric(weir, "weir_downstream_connections_evicted_total") >= 1)
    let answers = idle.map { socket -> String in
      try? socket.send(Self.get)
      return (try? socket.receiveMessage()) ?? "reset"
    }
    #expect(answers.filter { $0.hasPrefix("HTTP/1.1 200 ") }.count >= 5, "\(answers)")
    #expect(!answers.contains { $0.contains("descriptors_exhausted") })
    #expect(try metric(weir, "weir_listener_accept_pauses_total") == 0)
    #expect(try weir.ask(weir.adminPort, "/readyz").hasPrefix("HTTP/1.1 200 "))
    weir.signal(SIGTERM)
    #expect(weir.wait() == 0)
  }

  @Test func checkSaysThatTheLimitsCannotBeMet() throws {
    let file = NSTemporaryDirectory() + "weir-check-\(UUID().uuidString).yaml"
    defer { try? FileManager.default.removeItem(atPath: file) }
    try """
    listeners:
      - { name: a, address: "127.0.0.1:1", routes: [{ match: { prefix: / }, respond: {} }] }
    """.write(toFile: file, atomically: true, encoding: .utf8)
    let check = "\(try WeirProcess.binary) check --config \(file) 2>&1; echo $?"
    let small = try Command.run("sh", ["-c", "ulimit -n 64; \(check)"])
    #expect(small.contains("warning: limits.connections is 20000"), "\(small)")
    #expect(small.hasSuffix("is good: listeners 1, routes 1, upstreams 0\n0\n"), "\(small)")
  }

  /// Fewer descriptors than it was started with, as a sandbox takes them away: what is there goes on,
  /// and that Weir has none is not the endpoint's fault.
  @Test func namesItsOwnWantOfDescriptors() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let weir = try proxied(endpoint)
    let client = try BlockingSocket.connect(port: weir.port)
    let admin = try BlockingSocket.connect(port: weir.adminPort)
    try admin.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try admin.receiveMessage().hasSuffix("alive\n"))
    let connections = "weir_downstream_connections"
    #expect(weir.eventually { (try? metric(weir, connections)) == 1 })
    try weir.limitDescriptors(to: 8)
    try client.send(Self.get)
    let answer = try client.receiveMessage()
    #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("descriptors_exhausted"))
    try admin.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try admin.receiveMessage().hasSuffix("alive\n"))
    try weir.limitDescriptors(to: 1024)
    try client.send(Self.get)
    #expect(try client.receive(until: "\r\n\r\nok").contains("HTTP/1.1 200 "))
    weir.signal(SIGTERM)
    #expect(weir.wait() == 0)
  }
}
