import ProxyConfiguration
import Testing

/// Policies that work against each other: each is told with its place and the reason, and no more.
struct ConfigurationWarningTests {
  struct Case: CustomTestStringConvertible, Sendable {
    /// Keys of the route in line 5, and of the upstream in line 8.
    var method = "POST"
    var route = ""
    var upstream = ""
    /// What each warning begins with and a part of its reason.
    var warnings: [(place: String, reason: String)] = []
    var testDescription: String { "\(route) | \(upstream)" }
  }

  private static func read(_ test: Case) throws -> Configuration {
    func added(_ keys: String) -> String { keys.isEmpty ? "" : ", \(keys)" }
    let endpoints = test.upstream.contains("endpoints:") ? "" : "endpoints: [h:1, h:2], "
    let upstream = test.upstream.isEmpty ? "resolve_interval: 30s" : test.upstream
    let text = """
      listeners:
        - name: outbound
          address: 127.0.0.1:80
          routes:
            - { match: { method: [\(test.method)] }, upstream: u\(added(test.route)), name: a }
            - { match: {}, upstream: inbound, name: b }
      upstreams:
        u: { \(endpoints)\(upstream) }
        inbound: { endpoints: [127.0.0.1:3] }
      """
    return try ConfigurationReader.read(Array(text.utf8), file: "f", environment: { _ in nil })
  }

  static let tries = [
    Case(
      route: "retry: { attempts: 4 }", upstream: "retry_budget: { ratio: 50% }",
      warnings: [("f:5:70", "may become 4, and the retry budget of u lets 50% more")]),
    Case(
      method: "HEAD", route: "hedge: {}, retry: {}", upstream: "retry_budget: { ratio: 80% }",
      warnings: [("f:5:69", "may become 4, and the retry budget of u lets 80% more")]),
    Case(
      route: "hedge: {}, retry: {}", upstream: "retry_budget: { ratio: 80% }",
      warnings: [("f:5:58", "takes POST only")]),
    Case(
      route: "retry: {}", upstream: "endpoints: [127.0.0.1:80]",
      warnings: [("f:5:58", "u is the listener outbound, which retries too: 2 times 2 are 4")]),
    Case(
      route: "subset: { version: v3 }",
      upstream: "endpoints: [{ address: h:1, metadata: { version: v2 } }]",
      warnings: [("f:5:59", "no endpoint of u has the metadata version: v3")]),
  ]

  static let timeouts = [
    Case(
      route: "timeout: 2s, retry: { per_try_timeout: 2s }",
      warnings: [("f:5:90", "an attempt may take 2s and the request 2s")]),
    Case(
      route: "timeout: 3s, retry: { per_try_timeout: 2s }",
      warnings: [("f:5:90", "2 attempts of 2s do not fit into the timeout of 3s")]),
    Case(
      route: "timeout: 5s, total_timeout: 5s",
      warnings: [("f:5:79", "may take 5s and its answer's head 5s: timeout never ends a request")]),
    Case(
      upstream: "limits: { pending_target: 3s }",
      warnings: [("f:8:57", "refused after 3s, timeouts.pending, before the target of 3s")]),
    Case(
      route: "timeout: 1s", upstream: "timeouts: { connect: 1s }",
      warnings: [("f:5:60", "connecting to u may take 1s, as long as the whole request")]),
  ]

  static let inert = [
    Case(
      route: "retry: { on: [per-try-timeout] }",
      warnings: [("f:5:64", "per_try_timeout is off, so that per-try-timeout never asks")]),
    Case(
      route: "retry: {}", upstream: "retry_budget: { ratio: 0%, minimum: 0 }",
      warnings: [("f:5:58", "retry budget of u is 0% and 0, so that there is never a retry")]),
    Case(
      upstream: "circuit_breaker: { window_calls: 10, slow_call: 2s }",
      warnings: [("f:8:64", "10 calls never holds minimum_calls, 20")]),
    Case(
      route: "timeout: 2s", upstream: "circuit_breaker: { slow_call: 2s }",
      warnings: [("f:8:61", "a call is slow after 2s, but every call ends after 2s")]),
    Case(
      route: "circuit_breaker: { slow_call: 20s }",
      warnings: [("f:5:81", "every call ends after 15s, its timeout")]),
    Case(
      upstream: "circuit_breaker: { consecutive_failures: off, minimum_calls: 101, "
        + "slow_call: 2s }",
      warnings: [("f:8:92", "101 calls in 10s need at least 11 requests/s;")]),
    Case(
      upstream: "endpoint_circuit_breaker: { consecutive_failures: off, minimum_calls: 51, "
        + "slow_call: 2s }",
      warnings: [("f:8:101", "at least 11 requests/s, 2 endpoints together;")]),
    Case(
      upstream: "circuit_breaker: {}, endpoint_circuit_breaker: {}",
      warnings: [("f:8:48", "without slow_call a call that hangs counts for nothing")]),
    Case(
      upstream: "endpoint_circuit_breaker: {}",
      warnings: [("f:8:57", "without slow_call a call that hangs counts for nothing")]),
    Case(
      route: "circuit_breaker: {}",
      warnings: [("f:5:68", "without slow_call a call that hangs counts for nothing")]),
    Case(
      upstream: "endpoints: [127.0.0.1:1], outlier_detection: {}",
      warnings: [("f:8:53", "u has one endpoint, and the last healthy one is never ejected")]),
    Case(
      upstream: "health_check: { interval: 1s, timeout: 1s }",
      warnings: [("f:8:70", "checks of one endpoint overlap")]),
    Case(
      upstream: "health_check: { timeout: 10s }",
      warnings: [("f:8:56", "may take 10s and the next check comes after 10s")]),
  ]

  /// What was meant to protect, and cannot with so few endpoints, or without the key beside it.
  static let few = [
    Case(
      upstream: "endpoints: [127.0.0.1:1, 127.0.0.1:2], outlier_detection: { success_rate: {} }",
      warnings: [
        (
          "f:8:82",
          "success_rate needs 5 endpoints to tell that one is unlike the others, and u has 2"
        )
      ]),
    Case(
      upstream: "endpoints: [127.0.0.1:1, 127.0.0.1:2], outlier_detection: { latency: {} }",
      warnings: [
        ("f:8:77", "latency needs 3 endpoints to tell that one is unlike the others, and u has 2")
      ]),
    Case(
      upstream: "endpoints: [127.0.0.1:1, 127.0.0.1:2, 127.0.0.1:3], "
        + "outlier_detection: { max_ejected: 10% }",
      warnings: [("f:8:94", "10% of u's 3 endpoints is less than one; write at least 34%")]),
    Case(
      upstream: "circuit_breaker: { slow_call_rate: 80% }",
      warnings: [("f:8:66", "no call is slow while slow_call is off")]),
    Case(
      upstream: "endpoints: [127.0.0.1:1, 127.0.0.1:1]",
      warnings: [("f:8:33", "the endpoint 127.0.0.1:1 stands twice in u")]),
  ]

  /// On the other side of each bound.
  static let quiet = [
    Case(),
    Case(
      upstream: "endpoints: [127.0.0.1:1, 127.0.0.1:2, 127.0.0.1:3], "
        + "outlier_detection: { latency: {}, max_ejected: 34% }"),
    Case(upstream: "endpoints: [127.0.0.1:1, 127.0.0.1:2], outlier_detection: {}"),
    Case(upstream: "endpoints: [h:1], outlier_detection: { success_rate: {} }"),
    Case(upstream: "circuit_breaker: { slow_call: 1s, slow_call_rate: 80% }"),
    Case(route: "retry: { on: [per-try-timeout], per_try_timeout: 1s }"),
    Case(route: "retry: {}", upstream: "retry_budget: { ratio: 0%, minimum: 1 }"),
    Case(route: "retry: {}", upstream: "retry_budget: { ratio: 1%, minimum: 0 }"),
    Case(route: "retry: { attempts: 1 }", upstream: "retry_budget: { ratio: 0%, minimum: 0 }"),
    Case(route: "timeout: 5s, total_timeout: 6s"),
    Case(route: "total_timeout: 6s"),
    Case(upstream: "limits: { pending_target: 2s }"),
    Case(route: "retry: { attempts: 4 }", upstream: "retry_budget: { ratio: 49% }"),
    Case(route: "retry: { attempts: 3 }", upstream: "retry_budget: { ratio: 50% }"),
    Case(method: "HEAD", route: "hedge: {}", upstream: "retry_budget: { ratio: 80% }"),
    Case(route: "retry: {}", upstream: "endpoints: [127.0.0.1:81]"),
    Case(upstream: "endpoints: [127.0.0.1:80]"),
    Case(route: "timeout: 4s, retry: { per_try_timeout: 2s }"),
    Case(route: "timeout: off, retry: { per_try_timeout: 2h }"),
    Case(route: "timeout: 1s", upstream: "timeouts: { connect: 500ms }"),
    // Nobody has chosen 5 s for it.
    Case(route: "timeout: 1s"),
    Case(upstream: "circuit_breaker: { window_calls: 20, slow_call: 2s }"),
    Case(
      upstream: "outlier_detection: { latency: {} }, endpoint_circuit_breaker: "
        + "{ window_calls: 10, failure_rate: off, consecutive_failures: 5 }"),
    // Their calls that hang are heard of.
    Case(
      upstream: """
        outlier_detection: { latency: {} }, endpoint_circuit_breaker: { window_calls: 30 }
        """),
    Case(upstream: "circuit_breaker: { slow_call: 2s }, endpoint_circuit_breaker: {}"),
    Case(upstream: "circuit_breaker: { window_calls: 10, mode: disabled }"),
    Case(route: "timeout: off", upstream: "circuit_breaker: { slow_call: 1h }"),
    Case(route: "timeout: 2s", upstream: "circuit_breaker: { slow_call: 1s }"),
    Case(
      upstream: "circuit_breaker: { consecutive_failures: off, minimum_calls: 100, "
        + "slow_call: 2s }"),
    Case(
      upstream: "circuit_breaker: { minimum_calls: 1000, consecutive_failures: 5, "
        + "slow_call: 2s }"),
    Case(upstream: "endpoints: [h:1], outlier_detection: {}"),
    Case(upstream: "outlier_detection: {}"),
    Case(upstream: "health_check: { timeout: 9s }"),
  ]

  @Test(arguments: tries + timeouts + inert + few + quiet)
  func isToldWithItsReason(test: Case) throws {
    let found = try Self.read(test).warnings.map(\.description)
    #expect(found.count == test.warnings.count, "\(found)")
    for ((place, reason), text) in zip(test.warnings, found) {
      #expect(text.hasPrefix("\(place): warning: "), "\(text)")
      #expect(text.contains(reason), "\(text)")
    }
  }

  private static func warnings(routes: [String], _ upstreams: String) throws -> [String] {
    let text =
      "listeners:\n  - name: a\n    address: 127.0.0.1:80\n    routes:\n"
      + routes.map { "      - { \($0), respond: {} }\n" }.joined() + upstreams
    return try ConfigurationReader.read(Array(text.utf8), file: "f", environment: { _ in nil })
      .warnings.map(\.description)
  }

  @Test(arguments: [
    ("prefix: /", "prefix: /a", true), ("prefix: /a", "path: /a/b", true),
    ("prefix: /a", "prefix: /a/", true), ("prefix: /a/", "prefix: /a/b", true),
    ("prefix: /", "regex: \"/x.*\"", true), ("path: /a", "path: /a", true),
    ("prefix: /a, method: [GET, POST]", "prefix: /a, method: [POST, GET]", true),
    ("prefix: /a", "prefix: /ab", false), ("prefix: /a/", "path: /a", false),
    ("path: /a", "prefix: /a", false), ("prefix: /a", "prefix: /", false),
    ("prefix: /, method: [GET]", "prefix: /a", false), ("path: /a/b", "path: /a/c", false),
  ])
  func routesThatNothingReachesAreTold(above: String, below: String, isDead: Bool) throws {
    let found = try Self.warnings(
      routes: ["name: x, match: { \(above) }", "name: y, match: { \(below) }"], "")
    #expect(found.count == (isDead ? 1 : 0), "\(found)")
    if isDead {
      #expect(found[0].hasPrefix("f:6:"))
      #expect(found[0].contains("nothing reaches this route: the route x stands above it"))
    }
  }

  @Test func unnamedRoutesAreAdvisedANameOnce() throws {
    let found = try Self.warnings(
      routes: (0..<5).map { "match: { path: /\($0) }" } + ["name: x, match: {}"], "")
    #expect(found.count == 1 && found[0].hasPrefix("f:5:9: warning: routes of a have no name"))
    #expect(found[0].contains("(0, 1, 2 and 2 more)"), "\(found)")
    #expect(try Self.warnings(routes: ["match: {}"], "").isEmpty)
  }

  @Test func upstreamsThatNobodyCallsAreTold() throws {
    let found = try Self.warnings(
      routes: ["match: {}"], "upstreams:\n  u: { endpoints: [127.0.0.1:1] }\n")
    #expect(found.count == 1 && found[0].contains("no route leads to u;"), "\(found)")
  }

  /// A retry below is found through every address of the machine, and through its name.
  @Test(arguments: ["127.0.0.1:80", "127.0.0.9:80", "localhost:80", "[::1]:80"])
  func listenersAreFoundBehindEndpoints(endpoint: String) throws {
    let text = """
      listeners:
        - name: a
          address: "0.0.0.0:80"
          routes: [{ match: {}, upstream: v, retry: { attempts: 3 } }]
        - name: b
          address: "127.0.0.1:81"
          routes: [{ match: {}, upstream: u, retry: {} }]
      upstreams:
        u: { endpoints: ["\(endpoint)"] }
        v: { endpoints: ["127.0.0.1:82"] }
      """
    let warnings = try ConfigurationReader.read(
      Array(text.utf8), file: "f", environment: { _ in nil }
    ).warnings
    #expect(warnings.count == 1 && warnings.first?.line == 7, "\(warnings)")
    #expect(warnings.first?.message.contains("2 times 3 are 6 attempts") == true)
  }

  /// A file that is not good has faults, not warnings.
  @Test func examplesHaveNone() throws {
    for file in try Repository.examples {
      let text = try Repository.text("config/\(file)")
      let configuration = try ConfigurationReader.read(
        Array(text.utf8), file: file, environment: { _ in nil })
      #expect(configuration.warnings.isEmpty, "\(configuration.warnings)")
    }
  }
}
