import Foundation
import Glibc
import Primitives
import Reactor
import Testing
import WeirTesting

/// A process that stops: its clients are told in time, and nobody's request is lost on the way.
@Suite(.serialized)
struct DrainTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
  private static let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
  private static let close = "\r\nconnection: close\r\n"

  private func proxied(_ endpoint: ScriptedEndpoint, drain: String) throws -> WeirProcess {
    try WeirProcess(drain: drain) { _ in
      """
          routes:
            - { match: { path: /own }, respond: { body: here } }
            - { match: { path: /old }, redirect: { path: /new } }
            - { match: { prefix: / }, upstream: service }
      upstreams: { service: { endpoints: ["127.0.0.1:\(endpoint.port)"] } }
      """
    }
  }

  private func waitUntilDraining(_ weir: WeirProcess) throws {
    let isTold = try weir.eventually {
      try weir.ask(weir.adminPort, "/readyz").hasPrefix("HTTP/1.1 503 ")
    }
    #expect(isTold)
  }

  private func kept(_ weir: WeirProcess, _ count: Int) throws -> [BlockingSocket] {
    try (0..<count).map { _ in
      let socket = try BlockingSocket.connect(port: weir.port)
      try socket.send(Self.post)
      let answer = try socket.receive(until: "\r\n\r\nok")
      #expect(answer.hasPrefix("HTTP/1.1 200 ") && !answer.contains(Self.close))
      return socket
    }
  }

  enum Stop: CaseIterable {
    case signal, admin
  }

  /// However it was begun, and whoever answers: from the first moment on each answer says that its
  /// connection closes, and each kept connection is there for one more request.
  @Test(arguments: Stop.allCases) func announcesFromTheFirstMoment(stop: Stop) throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let weir = try proxied(endpoint, drain: "delay: 1m, timeout: 2m")
    let clients = try kept(weir, 60)
    switch stop {
    case .signal: weir.signal(SIGTERM)
    case .admin:
      let admin = try BlockingSocket.connect(port: weir.adminPort)
      try admin.send("POST /drain HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      #expect(try admin.receiveAll().hasPrefix("HTTP/1.1 202 "))
    }
    try waitUntilDraining(weir)
    for client in clients {
      try client.send(Self.post)
      let answer = try client.receiveAll()
      #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.contains(Self.close), "\(answer)")
    }
    for (path, status) in [("/own", 200), ("/old", 308), ("/", 200), ("/../bad", 400)] {
      let fresh = try BlockingSocket.connect(port: weir.port)
      try fresh.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
      let answer = try fresh.receiveAll()
      #expect(answer.hasPrefix("HTTP/1.1 \(status) ") && answer.contains(Self.close), "\(answer)")
    }
    // Behind POST /drain the first SIGTERM is the kubelet's; the second one, or the second at all, is
    // somebody who does not want to wait.
    weir.signal(SIGTERM)
    if stop == .admin {
      #expect(weir.eventually { weir.log.contains("draining already") })
      #expect(try weir.ask(weir.port, "/own").hasSuffix("here"))
      weir.signal(SIGTERM)
    }
    #expect(weir.wait() == 0)
    #expect(weir.log.contains("a second signal"))
  }

  /// Its head went out before the drain, without a word of it: the client may go on, and is told next.
  @Test func anAnswerThatSaidNothingKeepsItsConnection() throws {
    let release = DispatchSemaphore(value: 0)
    let endpoint = try ScriptedEndpoint { connection, _ in
      _ = try connection.receiveMessage()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no")
      release.wait()
      try connection.send("k")
      _ = try connection.receiveMessage()
      try connection.send(Self.ok)
    }
    let weir = try proxied(endpoint, drain: "delay: 1m, timeout: 2m")
    let client = try BlockingSocket.connect(port: weir.port)
    try client.send(Self.post)
    #expect(try !client.receive(until: "\r\n\r\no").contains(Self.close))
    weir.signal(SIGTERM)
    try waitUntilDraining(weir)
    release.signal()
    #expect(try client.receive(until: "k") == "k")
    try client.send(Self.post)
    let answer = try client.receiveAll()
    #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.contains(Self.close), "\(answer)")
    weir.signal(SIGTERM)
    #expect(weir.wait() == 0)
  }

  /// SIGINT is from a terminal: nothing is waited for that a balancer would need.
  @Test func anInterruptEndsTheDelay() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let weir = try proxied(endpoint, drain: "delay: 1m, timeout: 2m")
    let admin = try BlockingSocket.connect(port: weir.adminPort)
    try admin.send("POST /drain HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    #expect(try admin.receiveAll().hasPrefix("HTTP/1.1 202 "))
    weir.signal(SIGINT)
    #expect(weir.wait() == 0)
  }

  /// Clients that connect all the while: who is connected is served, and who comes too late learns
  /// that nobody listens; nobody is reset in the queue.
  @Test func resetsNobodyInTheQueue() throws {
    let proxy = try RunningProxy(
      """
      workers: 4
      admin: { address: 127.0.0.1:0 }
      drain: { delay: 0s, timeout: 20s }
      listeners:
        - name: ingress
          address: 127.0.0.1:0
          routes: [{ match: { prefix: / }, respond: { body: here } }]
      """)
    let port = proxy.port
    let answered = Lock(0)
    let lost = Lock<[String]>([])
    let clients = (0..<8).map { index in
      LoopThread(name: "client-\(index)") {
        // Ends when nobody listens any more.
        while let socket = try? BlockingSocket.connect(port: port) {
          do {
            try socket.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let answer = try socket.receiveAll()
            if answer.hasSuffix("here") {
              answered.withLock { $0 += 1 }
            } else {
              lost.withLock { $0.append("end: \(answer)") }
            }
          } catch {
            lost.withLock { $0.append("\(error)") }
          }
        }
      }
    }
    #expect(proxy.eventually { answered.withLock { $0 } > 200 })
    #expect(proxy.stop())
    for client in clients { client.join() }
    #expect(lost.withLock { $0 }.isEmpty, "\(lost.withLock { $0 })")
  }
}
