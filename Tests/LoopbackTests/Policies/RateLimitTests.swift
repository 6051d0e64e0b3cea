import Primitives
import Testing
import WeirTesting

/// `rate_limit` of a route: who draws from which bucket, and what is answered when it is empty.
@Suite(.serialized)
struct RateLimitTests {
  private func proxy(_ limit: String, _ service: NamedService) throws -> RunningProxy {
    try RunningProxy(
      endpoints: [service.port],
      routes: "[{ match: { prefix: / }, upstream: service, rate_limit: \(limit) }]")
  }

  private func seconds(_ pattern: Regex<(Substring, Substring)>, _ answer: String) throws -> Int {
    let match = try #require(answer.firstMatch(of: pattern), "\(answer)")
    return try #require(Int(match.1))
  }

  @Test func tellsWhoIsRefusedWhenToCome() throws {
    let service = try NamedService()
    let proxy = try proxy("{ requests: 2, per: 1h }", service)
    for _ in 0..<2 { #expect(try proxy.ask().status == 200) }
    let answer = try proxy.get("/")
    try proxy.expectAnswered(answer, as: .rateLimited)
    #expect(answer.contains("\r\nratelimit-policy: \"weir\";q=2;w=3600\r\n"), "\(answer)")
    // Two in an hour are one in half an hour; some of it has passed.
    #expect((1_700...1_800).contains(try seconds(/\r\nretry-after: (\d+)\r\n/, answer)))
    let whole = try seconds(/\r\nratelimit: "weir";r=0;t=(\d+)\r\n/, answer)
    #expect((3_500...3_600).contains(whole))
    #expect(service.requests.count == 2)
    #expect(proxy.stop())
  }

  @Test func lastsNoLongerThanTheBucketIsEmpty() throws {
    let service = try NamedService()
    let proxy = try proxy("{ requests: 1, per: 2s }", service)
    let request = "GET / HTTP/1.1\r\nHost: a\r\n"
    let both = try proxy.exchange("\(request)\r\n\(request)Connection: close\r\n\r\n")
    #expect(both.contains("HTTP/1.1 200 ") && both.contains("HTTP/1.1 429 "), "\(both)")
    #expect(try proxy.eventually { try proxy.ask().status == 200 })
    #expect(proxy.stop())
  }

  @Test func countsEachSourceByItself() throws {
    let service = try NamedService()
    let proxy = try proxy("{ requests: 1, per: 1h, by: source }", service)
    func status(from source: String) throws -> String {
      try Command.run(
        "curl",
        [
          "-s", "-o", "/dev/null", "-w", "%{http_code}", "--interface", source,
          "http://127.0.0.1:\(proxy.port)/",
        ])
    }
    #expect(try status(from: "127.0.0.1") == "200")
    #expect(try status(from: "127.0.0.1") == "429")
    #expect(try status(from: "127.0.0.2") == "200")
    #expect(try status(from: "127.0.0.2") == "429")
    #expect(proxy.stop())
  }

  @Test func countsEachValueOfAFieldByItself() throws {
    let service = try NamedService()
    let proxy = try proxy(
      "{ requests: 1, per: 1h, by: header, header: X-Tenant, keys: 2 }", service)
    func status(_ tenant: String) throws -> Int {
      try proxy.ask(headers: "x-tenant: \(tenant)\r\n").status
    }
    #expect(try status("cairo") == 200)
    #expect(try status("cairo") == 429)
    #expect(try status("giza") == 200)
    #expect(try status("giza") == 429)
    // Two buckets are kept: the one unused for longest makes room, and its value begins anew.
    #expect(try status("luxor") == 200)
    #expect(try status("giza") == 429)
    #expect(try status("cairo") == 200)
    #expect(proxy.stop())
  }

  /// Leaving the field out, or sending it empty, is no way around the limit.
  @Test func countsWhoHasNoSuchFieldTogether() throws {
    let service = try NamedService()
    let proxy = try proxy("{ requests: 1, per: 1h, by: header, header: x-tenant }", service)
    #expect(try proxy.ask().status == 200)
    #expect(try proxy.ask().status == 429)
    #expect(try proxy.ask("/other").status == 429)
    #expect(try proxy.ask(headers: "x-tenant: cairo\r\n").status == 200)
    #expect(proxy.stop())
  }

  @Test func asksEveryLimitAndTellsOfTheOneThatRefused() throws {
    let service = try NamedService()
    let proxy = try proxy(
      "[{ requests: 100, per: 1h }, { requests: 1, per: 30m, by: source }]", service)
    #expect(try proxy.ask().status == 200)
    let answer = try proxy.get("/")
    try proxy.expectAnswered(answer, as: .rateLimited)
    #expect(answer.contains("\r\nratelimit-policy: \"weir\";q=1;w=1800\r\n"), "\(answer)")
    #expect(proxy.stop())
  }

  /// However many workers ask: exactly that many pass.
  @Test func isExactOverWorkers() throws {
    let service = try NamedService()
    let proxy = try RunningProxy(
      """
      workers: 3
      admin: { address: 127.0.0.1:0 }
      listeners:
        - name: ingress
          address: 127.0.0.1:0
          routes: [{ match: {}, upstream: service, rate_limit: { requests: 17, per: 1h } }]
      upstreams: { service: { endpoints: [127.0.0.1:\(service.port)] } }
      """)
    let clients = try (0..<60).map { _ in
      let client = try BlockingSocket.connect(port: proxy.port)
      try client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      return client
    }
    let passed = try clients.filter { try $0.receiveAll().hasPrefix("HTTP/1.1 200 ") }
    #expect(passed.count == 17)
    #expect(try proxy.counted("rate_limited", 429) == 43)
    #expect(proxy.stop())
  }
}
