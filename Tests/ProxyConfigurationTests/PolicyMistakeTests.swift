import Foundation
import ProxyConfiguration
import Resilience
import Testing

/// Mistakes in policies: each is answered with its place, what it is and how to mend it.
struct PolicyMistakeTests {
  typealias Mistake = MistakeTests.Mistake

  /// Line 6 is the route's own, line 9 the upstream's.
  private static let good = """
    listeners:
      - name: inbound
        address: 127.0.0.1:8080
        routes:
          - match: { prefix: /fhir }
            timeout: 15s
            upstream: u
    upstreams:
      u: { endpoints: ["127.0.0.1:1", "127.0.0.1:2"] }
      v: { endpoints: ["127.0.0.1:3"] }

    """

  private static func faults(_ text: String) -> [String] {
    do throws(ConfigurationFaults) {
      _ = try ConfigurationReader.read(Array(text.utf8), file: "f", environment: { _ in nil })
      return []
    } catch {
      return error.faults.map { String($0.description.dropFirst(2)) }
    }
  }

  private static func route(_ text: String, _ faults: String...) -> Mistake {
    var mistake = Mistake("timeout: 15s", text)
    mistake.faults = faults
    return mistake
  }

  private static func upstream(_ text: String, _ faults: String...) -> Mistake {
    var mistake = Mistake(
      "u: { endpoints: [\"127.0.0.1:1\", \"127.0.0.1:2\"] }",
      "u:\n    endpoints: [\"127.0.0.1:1\", \"127.0.0.1:2\"]\n    \(text)")
    mistake.faults = faults
    return mistake
  }

  private static let place = "listeners[0].routes[0]"

  static let routes = [
    route(
      "rety: {}",
      "6:9: unknown key rety in \(place); did you mean retry?"),
    route(
      "retry: { attempts: 11 }",
      "6:28: \(place).retry.attempts must be a whole number from 1 to 10, not \"11\""),
    route(
      "retry: { on: [conect-failure] }",
      "6:23: \(place).retry.on[0] must be one of "
        + RetryCondition.names.joined(separator: ", ")
        + ", or a status from 400 to 599, not \"conect-failure\"; did you mean connect-failure?"),
    route(
      "retry: { on: [200] }",
      "6:23: \(place).retry.on[0] must be one of "
        + RetryCondition.names.joined(separator: ", ")
        + ", or a status from 400 to 599, not \"200\""),
    route(
      "retry: { backoff: { base: 1s } }", "6:35: backoff.base is longer than backoff.max"),
    route(
      "retry: { idempotency_key: yes }",
      "6:35: \(place).retry.idempotency_key must be one of honoured, not \"yes\""),
    route(
      "hedge: { percentile: 95 }",
      "6:30: \(place).hedge.percentile must be a percentage such as 20% or 12.5%, from 50% to "
        + "99.9%, not \"95\"; add the sign: 95%"),
    route(
      "hedge: { budget: 12.345% }",
      "6:26: \(place).hedge.budget must be a percentage such as 20% or 12.5%, from 0.01% to 100%, "
        + "not \"12.345%\""),
    route(
      "rate_limit: { per: 1s }", "6:21: \(place).rate_limit needs the key requests"),
    route(
      "rate_limit: 100",
      "6:21: \(place).rate_limit must be a mapping, not \"100\"; its keys are requests, per, "
        + "burst, by, …"),
    route(
      "hedge: true",
      "6:16: \(place).hedge must be a mapping, not \"true\"; "
        + "{} stands for its defaults"),
    route(
      "retries: {}", "6:9: unknown key retries in \(place); did you mean retry?"),
    route(
      "hedge: { percentile: 0.95 }",
      "6:30: \(place).hedge.percentile must be a percentage such as 20% or 12.5%, from 50% to "
        + "99.9%, not \"0.95\"; write 95%"),
    route(
      "hedge: { percentile: 12.5 }",
      "6:30: \(place).hedge.percentile must be a percentage such as 20% or 12.5%, from 50% to "
        + "99.9%, not \"12.5\""),
    route(
      "hedge: { budget: 12.5 }",
      "6:26: \(place).hedge.budget must be a percentage such as 20% or 12.5%, from 0.01% to 100%, "
        + "not \"12.5\"; add the sign: 12.5%"),
    route(
      "circuit_breaker: { slow_call: 500 }",
      "6:39: \(place).circuit_breaker.slow_call must be a duration such as 250ms, 5s or 1m, from "
        + "1ms to 1h, or off, not \"500\"; add the unit: 500s or 500ms"),
    route(
      "circuit_breaker: { failures: { statuses: [5xx] } }",
      "6:51: \(place).circuit_breaker.failures.statuses[0] must be a status such as 503, or a range "
        + "such as 500-599, not \"5xx\"; write 500-599"),
    route(
      "rate_limit: { requests: 1, by: header }",
      "6:40: by: header needs header, the field's name"),
    route(
      "rate_limit: { requests: 1, header: x-tenant }",
      "6:44: header is for by: header; remove it or write that"),
    route(
      "rate_limit: [{ requests: 1, by: header, header: x tenant }]",
      "6:57: \"x tenant\" is not a field name; it may hold no space or colon"),
    route(
      "priority: urgent",
      "6:19: \(place).priority must be one of critical, high, normal, low, not \"urgent\""),
    route("fallback: {}", "6:19: fallback needs one of upstream and respond"),
    route(
      "fallback: { upstream: v, respond: {} }",
      "6:19: fallback has upstream and respond; keep one"),
    route(
      "fallback: { upstream: w }", "6:31: there is no upstream w; did you mean u?"),
    route(
      "fallback: { upstream: u }",
      "6:31: the route leads to u already, so it cannot stand in; name another upstream"),
    route(
      "fault: {}", "6:16: fault does nothing; give it delay, abort, reset or bandwidth"),
    route(
      "fault: { delay: { share: 1% } }", "6:25: \(place).fault.delay needs the key duration"),
  ]

  static let withoutUpstream = ["retry", "hedge", "circuit_breaker", "subset"].map { key in
    var mistake = Mistake("timeout: 15s\n        upstream: u", "\(key): {}\n        respond: {}")
    mistake.faults = [
      "6:\(11 + key.count): \(key) needs upstream or split beside it; remove it"
    ]
    return mistake
  }

  static let upstreams = [
    upstream(
      "outlier_detection: { success_rate: { deviations: 1.9 } }",
      "11:54: upstreams.u.outlier_detection.success_rate.deviations must be a percentage such as "
        + "20% or 12.5%, from 0.1% to 1000%, not \"1.9\"; write 190%"),
    upstream(
      "balancing: { policy: maglev }",
      "11:26: maglev needs hash_on beside it, such as hash_on: { header: x-user }"),
    upstream(
      "balancing: { hash_on: { path: true } }",
      "11:27: hash_on is for ring_hash and maglev, not round_robin; remove it or change policy"),
    upstream(
      "balancing: { policy: random, bounded_load: 150% }",
      "11:48: bounded_load is for ring_hash and maglev, not random; remove it or change policy"),
    upstream(
      "balancing: { policy: maglev, hash_on: { path: true }, slow_start: 30s }",
      "11:71: slow_start is for round_robin, least_request, peak_ewma and random, not maglev; "
        + "remove it or change policy"),
    upstream(
      "balancing: { policy: ring_hash, hash_on: { path: true }, zone_minimum_endpoints: 2 }",
      "11:86: zone_minimum_endpoints is for round_robin, least_request, peak_ewma and random, not "
        + "ring_hash; remove it or change policy"),
    upstream(
      "balancing: { policy: maglev, hash_on: { path: true }, ring_size: 2048 }",
      "11:70: ring_size is for ring_hash, not maglev; remove it or change policy"),
    upstream(
      "balancing: { ring_size: 2048 }",
      "11:29: ring_size is for ring_hash, not round_robin; remove it or change policy"),
    upstream(
      "balancing: { policy: maglev, hash_on: { path: true, source: true } }",
      "11:43: hash_on needs one of header, cookie, source, identity and path"),
    upstream(
      "balancing: { policy: maglev, hash_on: { path: false } }",
      "11:51: hash_on hashes nothing; write path: true"),
    upstream(
      "balancing: { policy: maglev, hash_on: { path: true }, bounded_load: 90% }",
      "11:73: upstreams.u.balancing.bounded_load must be a percentage such as 20% or 12.5%, from "
        + "101% to 1000%, or off, not \"90%\""),
    upstream(
      "circuit_breaker: { failure_rate: off, consecutive_failures: off }",
      "11:22: circuit_breaker never opens: failure_rate, slow_call and consecutive_failures are "
        + "off; set one"),
    upstream(
      "circuit_breaker: { window: 10s, window_calls: 50 }",
      "11:51: circuit_breaker has window and window_calls; keep one"),
    upstream(
      "endpoint_circuit_breaker: { open_for: 2m }",
      "11:43: endpoint_circuit_breaker.open_for is longer than open_for_max; change one"),
    upstream(
      "circuit_breaker: { failures: { statuses: [5xx] } }",
      "11:47: upstreams.u.circuit_breaker.failures.statuses[0] must be a status such as 503, or a "
        + "range such as 500-599, not \"5xx\"; write 500-599"),
    upstream(
      "health_check: { host: u.test }",
      "11:27: host is for a check over HTTP; give health_check a path, or remove it"),
    upstream(
      "health_check: { path: health }",
      "11:27: health_check.path must be a path that begins with /, not \"health\""),
    upstream(
      "outlier_detection: { base_ejection: 10m }",
      "11:41: base_ejection is longer than ejection_max; change one"),
    upstream(
      "outlier_detection: { success_rate: on }",
      "11:40: upstreams.u.outlier_detection.success_rate must be one of off, not \"on\""),
    upstream(
      "adaptive_concurrency: { maximum: 2 }",
      "11:38: adaptive_concurrency.minimum is above its maximum; change one"),
    upstream(
      "retry_budget: { ratio: 101% }",
      "11:28: upstreams.u.retry_budget.ratio must be a percentage such as 20% or 12.5%, from 0% to "
        + "100%, not \"101%\""),
  ]

  static let top = [
    Mistake(
      "listeners:\n", "priority_header: x class\nlisteners:\n",
      "1:18: \"x class\" is not a field name; it may hold no space or colon")
  ]

  @Test(arguments: routes + withoutUpstream + upstreams + top)
  func isAnswered(mistake: Mistake) {
    let text = Self.good.replacingOccurrences(of: mistake.old, with: mistake.new)
    #expect(text != Self.good)
    #expect(Self.faults(text) == mistake.faults)
  }

  @Test func goodIsGood() {
    #expect(Self.faults(Self.good).isEmpty)
  }
}
