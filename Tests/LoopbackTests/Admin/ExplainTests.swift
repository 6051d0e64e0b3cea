import Foundation
import Primitives
import Testing
import WeirTesting

/// What a running proxy tells of single requests.
@Suite(.serialized)
struct ExplainTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
  private static let busy = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"

  private func body(_ answer: String) -> String {
    String(answer.components(separatedBy: "\r\n\r\n").dropFirst().joined(separator: "\r\n\r\n"))
  }

  private func json(_ proxy: RunningProxy, _ id: String) throws -> [[String: Any]] {
    let text = body(try proxy.admin("/explain/\(id)?format=json"))
    return try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]], "\(text)")
  }

  @Test func tellsOfEveryAttempt() throws {
    let endpoint = try ScriptedEndpoint { connection, _ in
      for answer in [Self.busy, Self.ok] {
        _ = try connection.receiveMessage()
        try connection.send(answer)
      }
    }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port],
      routes:
        "[{ name: r, match: {}, upstream: service, retry: { attempts: 2, on: [503], backoff: { base: 1ms, max: 1ms } } }]"
    )
    #expect(try proxy.get("/a", headers: "X-Request-ID: once/1\r\n").hasSuffix("ok"))
    let found = try json(proxy, "once%2F1")
    #expect(found.count == 1)
    let attempts = try #require(found.first?["attempts"] as? [[String: Any]])
    #expect(attempts.map { $0["status"] as? Int } == [503, 200])
    #expect(
      attempts.map { $0["endpoint"] as? String }
        == Array(repeating: "127.0.0.1:\(endpoint.port)", count: 2))
    #expect(attempts.map { $0["reused"] as? Bool } == [false, true])
    #expect(attempts.map { $0["connection_request"] as? Int } == [1, 2])
    #expect(attempts[0]["retry_reason"] as? String == "status")
    #expect(attempts[1]["retry_reason"] == nil)
    let asked = attempts.compactMap { $0["asked_us"] as? Int }
    #expect(asked[1] >= asked[0])
    let text = body(try proxy.admin("/explain/once%2F1"))
    #expect(text.contains("Z request once/1 GET /a via ingress/r → service: 200 after "))
    #expect(text.contains("because of status 503\n"))
    #expect(text.contains("kept connection"))
    #expect(proxy.stop())
  }

  /// By choice a service's own 5xx names the request, as it came or as Weir named it, once.
  @Test func aServicesErrorCarriesTheRequestsID() throws {
    let endpoint = try ScriptedEndpoint.answering { request in
      let own = request.contains("/own") ? "X-Request-ID: service\r\n" : ""
      let status = request.contains("/fine") ? "404 No" : "503 Busy"
      return "HTTP/1.1 \(status)\r\n\(own)Content-Length: 0\r\n\r\n"
    }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], routes: "[{ match: {}, upstream: service }]",
      top: "telemetry: { explain: { request_id: true } }")
    let answer = try proxy.get("/a", headers: "X-Request-ID: mine\r\n")
    #expect(answer.contains("\r\nx-request-id: mine\r\n"), "\(answer)")
    let minted = try #require(
      try proxy.get("/a").firstMatch(of: /\r\nx-request-id: (\S{36})\r\n/)?.1)
    #expect(body(try proxy.admin("/explain/\(minted)")).contains("503"))
    let own = try proxy.get("/own").lowercased()
    #expect(
      own.components(separatedBy: "x-request-id:").count == 2 && own.contains(": service\r\n"))
    #expect(!(try proxy.get("/fine").lowercased().contains("x-request-id")))
    #expect(proxy.stop())
    let plain = try RunningProxy(
      endpoints: [endpoint.port], routes: "[{ match: {}, upstream: service }]")
    #expect(!(try plain.get("/a").lowercased().contains("x-request-id")))
    #expect(plain.stop())
  }

  /// Each retry gives its place in the budget back, one that follows a failed one and is answered
  /// too.
  @Test func retriesAreGivenBack() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.busy }
    let closed = try PortReservation()
    let proxy = try RunningProxy(
      endpoints: [closed.port, endpoint.port],
      routes: """
        [{ match: {}, upstream: service, retry:
          { attempts: 4, on: [connect-failure, 503], backoff: { base: 1ms, max: 1ms } } }]
        """, upstream: "balancing: { policy: round_robin }")
    for id in 0..<4 {
      #expect(try proxy.get("/", headers: "X-Request-ID: r\(id)\r\n").hasPrefix("HTTP/1.1 50"))
      let attempts = try #require(
        try json(proxy, "r\(id)").first?["attempts"] as? [[String: Any]])
      #expect(attempts.count == 4)
    }
    #expect(
      try proxy.metric("weir_retry_budget_in_flight{upstream=\"service\",kind=\"retries\"}") == 0)
    #expect(proxy.stop())
  }

  @Test func tellsOfFailures() throws {
    let closed = try PortReservation()
    let proxy = try RunningProxy(
      endpoints: [closed.port],
      routes: "[{ match: {}, upstream: service, retry: { attempts: 2, on: [connect-failure] } }]")
    let answer = try proxy.get("/", headers: "X-Request-ID: bad\r\n")
    #expect(answer.hasPrefix("HTTP/1.1 502 ") && answer.contains("\r\nx-request-id: bad\r\n"))
    let text = body(try proxy.admin("/explain/bad"))
    #expect(text.contains(": 502 connect_refused after "))
    #expect(text.contains("connect_refused (the endpoint refused the connection)"))
    #expect(text.contains("because of connect_refused\n"))
    #expect(text.contains("not tried again: the route's attempts were used up (attempts_spent)"))
    #expect(text.contains("Weir answered it by itself at +"))
    // No endpoint: nothing was tried.
    #expect(try proxy.get("/alive").hasSuffix("alive"))
    #expect(proxy.stop())
  }

  /// A plain request is not kept; a slow one is; and of too many the oldest goes.
  @Test func keepsWhatIsWorthIt() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], routes: "[{ match: { prefix: /a }, upstream: service }]",
      top: "telemetry: { explain: { slow: 1h, entries: 2 } }")
    #expect(try proxy.get("/a", headers: "X-Request-ID: plain\r\n").hasSuffix("ok"))
    #expect(try proxy.admin("/explain/plain").hasPrefix("HTTP/1.1 404 "))
    #expect(body(try proxy.admin("/explain")).hasPrefix("nothing is kept: no such request failed"))
    for id in 1...3 {
      #expect(
        try proxy.get("/b", headers: "X-Request-ID: none\(id)\r\n").hasPrefix("HTTP/1.1 404 "))
    }
    let list = body(try proxy.admin("/explain")).split(separator: "\n")
    #expect(list.map { $0.split(separator: " ")[1] } == ["none3", "none2"])
    #expect(list.allSatisfy { $0.contains("  404  ") && $0.hasSuffix("GET /b  no_route") })
    #expect(try proxy.admin("/explain/none1").contains("nothing is kept of none1"))
    #expect(try proxy.admin("/explain", method: "PUT").hasPrefix("HTTP/1.1 405 "))
    #expect(proxy.stop())
    let slow = try RunningProxy(
      endpoints: [endpoint.port],
      routes:
        "[{ match: {}, upstream: service, fault: { delay: { share: 100%, duration: 2ms } } }]",
      top: "telemetry: { explain: { slow: 1ms } }")
    #expect(try slow.get("/a", headers: "X-Request-ID: slow\r\n").hasSuffix("ok"))
    let text = body(try slow.admin("/explain/slow"))
    #expect(text.contains("held back 2 ms on purpose (fault)\n"))
    #expect(text.contains("the endpoint's answer was passed on"))
    #expect(slow.stop())
  }

  /// A flood of refusals leaves room for others: 32 of a second are kept, whole or begun.
  @Test func keepsSomeOfManyRefusals() throws {
    let endpoint = try ScriptedEndpoint.answering { _ in Self.ok }
    let proxy = try RunningProxy(
      endpoints: [endpoint.port], routes: "[{ match: { path: /a }, upstream: service }]")
    let requests = (0..<100).map { number in
      let last = number == 99 ? "Connection: close\r\n" : ""
      return "GET / HTTP/1.1\r\nHost: a\r\nX-Request-ID: n\(number)\r\n\(last)\r\n"
    }
    let began = ContinuousClock.now
    let answers = try proxy.exchange(requests.joined())
    let seconds = Int(began.duration(to: .now) / .seconds(1)) + 2
    #expect(answers.components(separatedBy: "HTTP/1.1 404 ").count == 101)
    let kept = try (0..<100).filter {
      try proxy.admin("/explain/n\($0)").hasPrefix("HTTP/1.1 200 ")
    }
    #expect((32...32 * seconds).contains(kept.count) && kept.prefix(32) == Array(0..<32)[...])
    #expect(proxy.stop())
  }

  /// What is denied is refused as the rest is, though the client is at fault.
  @Test func keepsSomeOfManyDenials() throws {
    let proxy = try RunningProxy(
      endpoints: [1], routes: "[{ name: all, match: {}, respond: { body: ok } }]",
      listener: "authorize: { default: deny }")
    let requests = (0..<100).map { number in
      let last = number == 99 ? "Connection: close\r\n" : ""
      return "GET / HTTP/1.1\r\nHost: a\r\nX-Request-ID: n\(number)\r\n\(last)\r\n"
    }
    let began = ContinuousClock.now
    let answers = try proxy.exchange(requests.joined())
    let seconds = Int(began.duration(to: .now) / .seconds(1)) + 2
    #expect(answers.components(separatedBy: "HTTP/1.1 403 ").count == 101)
    let kept = try (0..<100).filter {
      try proxy.admin("/explain/n\($0)").hasPrefix("HTTP/1.1 200 ")
    }
    #expect((32...32 * seconds).contains(kept.count))
    #expect(proxy.stop())
  }

  @Test func namesTheRuleThatDenied() throws {
    let proxy = try RunningProxy(
      endpoints: [1],
      routes: """
        [{ name: all, match: {}, respond: { body: ok },
           authorize: { default: deny, rules: [{ action: allow, path: /a }, { action: deny, path: /b }] } }]
        """, listener: "authorize: { default: allow, rules: [{ action: deny, path: /c }] }")
    for (path, key) in [
      ("/b", "listeners.ingress.routes.all.authorize.rules[1]"),
      ("/c", "listeners.ingress.authorize.rules[0]"),
      ("/d", "listeners.ingress.routes.all.authorize.default"),
    ] {
      let answer = try proxy.get(path, headers: "X-Request-ID: denied\(path.dropFirst())\r\n")
      #expect(answer.hasPrefix("HTTP/1.1 403 "))
      let id = "denied\(path.dropFirst())"
      #expect(body(try proxy.admin("/explain/\(id)")).contains("denied by \(key)\n"))
      #expect(
        body(try proxy.admin("/explain/\(id)?format=json")).contains("\"denied_by\":\"\(key)\""))
    }
    #expect(proxy.stop())
  }

  @Test func tellsOfAFallback() throws {
    let proxy = try RunningProxy(
      endpoints: [1],
      routes:
        "[{ match: {}, upstream: service, fallback: { respond: { status: 200, body: later } } }]",
      upstream: "circuit_breaker: {}")
    #expect(
      try proxy.admin("/circuit-breakers/service", method: "PUT", body: "forced_open\n")
        .hasSuffix("upstream service: closed → forced_open\n"))
    #expect(try proxy.get("/", headers: "X-Request-ID: fell\r\n").hasSuffix("later"))
    let text = body(try proxy.admin("/explain/fell"))
    #expect(text.contains("service could not take it (circuit_open): the route answers by itself"))
    // The answer that the route gives says nothing of when to come again.
    #expect(!text.contains("to come again"))
    #expect(proxy.stop())
  }

  @Test func theCommandAsks() throws {
    let proxy = try WeirProcess { _ in
      "    routes: [{ match: { path: /a }, respond: { body: a } }]"
    }
    let answer = try proxy.ask(proxy.port, "/b")
    #expect(answer.hasPrefix("HTTP/1.1 404 "))
    let answered = try #require(answer.firstMatch(of: /\r\nx-request-id: (\S{36})\r\n/)?.1)
    let admin = ["--admin", "127.0.0.1:\(proxy.adminPort)"]
    let list = try Command.run(WeirProcess.binary, ["explain"] + admin)
    let id = String(list.split(separator: " ")[1])
    #expect(id == answered, "\(list)")
    let text = try Command.run(WeirProcess.binary, ["explain", id] + admin)
    #expect(text.contains("Z request \(id) GET /b on ingress: 404 no_route after "))
    let json = try Command.run(WeirProcess.binary, ["explain", "--format", "json"] + admin)
    #expect(json.hasPrefix("[{\"request_id\":\"\(id)\",") && json.contains("\"why\":\"no_route\""))
    let byVariable = try Command.run(
      "env", ["WEIR_ADMIN=http://localhost:\(proxy.adminPort)/", WeirProcess.binary, "explain"])
    #expect(byVariable == list)
    func filtered(_ options: [String]) throws -> String {
      try Command.run(WeirProcess.binary, ["explain"] + options + admin)
    }
    #expect(try filtered(["--status", "4xx", "--since", "1h"]) == list)
    #expect(try filtered(["--status", "500-599"]).hasPrefix("nothing is kept"))
    #expect(try filtered(["--route", "0"]).hasPrefix("nothing is kept"))
    #expect(try exitCode(["explain", "--since", "5 minutes"] + admin) == 1)
    #expect(try exitCode(["explain", "--follow", id] + admin) == 64)
    #expect(try exitCode(["explain", "unknown"] + admin) == 1)
    proxy.signal(SIGTERM)
    #expect(proxy.wait() == 0)
    #expect(try exitCode(["explain"] + admin) == 69)
    #expect(try exitCode(["explain", "--admin", "nowhere"]) == 64)
  }

  /// What has ended is told, and what ends while it goes on.
  @Test func theCommandGoesOn() throws {
    let proxy = try WeirProcess { _ in
      "    routes: [{ match: { path: /a }, respond: { body: a } }]"
    }
    _ = try proxy.ask(proxy.port, "/first")
    let process = ChildProcess()
    process.executableURL = URL(filePath: try WeirProcess.binary)
    process.arguments = [
      "explain", "--follow", "--format", "json", "--admin", "127.0.0.1:\(proxy.adminPort)",
    ]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    defer { process.signal(SIGKILL) }
    var text = ""
    func awaitLines(_ count: Int) {
      while text.split(separator: "\n").count < count {
        let data = output.fileHandleForReading.availableData
        if data.isEmpty { return }
        text += String(decoding: data, as: UTF8.self)
      }
    }
    awaitLines(1)
    _ = try proxy.ask(proxy.port, "/second")
    awaitLines(2)
    let paths = try text.split(separator: "\n").map { line in
      try (JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?["path"]
        as? String
    }
    #expect(paths == ["/first", "/second"])
    proxy.signal(SIGTERM)
    #expect(proxy.wait() == 0)
  }

  private func exitCode(_ arguments: [String]) throws -> Int32 {
    let process = ChildProcess()
    process.executableURL = URL(filePath: try WeirProcess.binary)
    process.arguments = arguments
    process.standardError = Pipe()
    process.standardOutput = Pipe()
    try process.run()
    process.waitUntilExit()
    return process.exitCode
  }
}
