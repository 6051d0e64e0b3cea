import Primitives

/// A scenario of a seed: services that call each other, every policy, and faults all over.
///
/// Four seconds of a load that the services hardly carry, so that queues fill and machines act; the
/// longest timeout is 3 s, so that nothing may be left at the end of the eighth.
struct ChaosScenario {
  let text: String

  init(seed: UInt64) {
    var draw = Draw(random: RandomSource(seed: seed &* 7919))
    text = """
      duration: 8s
      sample: 500ms
      sidecars: \(draw.one(of: ["shared", "per_replica"]))
      zones: [a, b, c]
      clients:
        - { name: writers, calls: s0, via: x, sidecars: 2, idempotent: false, priority: high, patience: 2s, load: [{ at: 0s, rate: \(draw.number(50, 150)) }, { at: 4s, rate: 50 }, { at: 4001ms, rate: 0 }] }
        - { name: readers, calls: s0, via: x, sidecars: 2, priority: low, load: [{ at: 0s, rate: 50 }, { at: 2s, rate: 300 }, { at: 3s, rate: 50 }, { at: 4s, rate: 0 }] }
      services:
      \((0..<4).map { Self.service($0, &draw) }.joined(separator: "\n"))
      faults:
      \((0..<5).map { _ in Self.fault(&draw) }.joined(separator: "\n"))
      policies:
        routes:
      \((0..<4).map { Self.route($0, &draw) }.joined(separator: "\n"))
        upstreams:
      \((0..<4).map { Self.upstream($0, &draw) }.joined(separator: "\n"))
      """
  }

  private struct Draw {
    var random: RandomSource
    mutating func number(_ least: Int, _ most: Int) -> Int {
      least + Int(random.below(UInt32(most - least + 1)))
    }
    mutating func one(of words: [String]) -> String { words[number(0, words.count - 1)] }
    mutating func perhaps(_ text: String) -> String { number(0, 1) == 0 ? "" : text }
  }

  /// Each calls some of those behind it.
  private static func service(_ number: Int, _ draw: inout Draw) -> String {
    let time = draw.one(of: [
      "5ms", "{ exponential: 10ms }", "{ lognormal: { median: 5ms, p99: 50ms } }",
      "{ pareto: { minimum: 2ms, p99: 60ms, maximum: 2s } }",
    ])
    var calls = (number + 1..<4).map { target in
      "{ service: s\(target), share: \(draw.number(20, 100))%, optional: \(draw.one(of: ["true", "false"])), "
        + "idempotent: \(draw.one(of: ["true", "false"])) }"
    }
    if calls.count > 1 { calls = ["{ parallel: [\(calls.joined(separator: ", "))] }", calls[0]] }
    return
      "  s\(number): { replicas: \(draw.number(2, 9)), concurrency: \(draw.number(1, 8)), "
      + "queue: \(draw.number(0, 50)), time: \(time), errors: \(draw.number(0, 3))%, "
      + "cancels: \(draw.one(of: ["true", "false"])), blocking: \(draw.one(of: ["true", "false"])), "
      + "calls: [\(calls.joined(separator: ", "))] }"
  }

  private static func fault(_ draw: inout Draw) -> String {
    let kind = draw.one(of: [
      "kill", "pause", "drop", "slow, times: 20", "errors, rate: 60%", "resets, rate: 60%",
      "rolling_update, every: 700ms, drain: 300ms, down: 400ms",
    ])
    return "  - { kind: \(kind), at: \(draw.number(0, 4000))ms, for: \(draw.number(1, 4000))ms, "
      + draw.perhaps("zone: b, ") + "service: s\(draw.number(0, 3)), "
      + "share: \(draw.number(1, 100))% }"
  }

  private static func route(_ number: Int, _ draw: inout Draw) -> String {
    let fallback =
      number == 3
      ? "respond: { status: \(draw.one(of: ["200", "503"])) }" : "upstream: s\(number + 1)"
    return "    - { upstream: s\(number), timeout: \(draw.number(50, 3000))ms, "
      + draw.perhaps(
        "retry: { attempts: 4, on: [5xx, reset, connect-failure, per-try-timeout], per_try_timeout: 200ms }, "
      ) + draw.perhaps("hedge: { percentile: 90% }, ")
      + draw.perhaps("rate_limit: { requests: 200, per: 1s }, ")
      + draw.perhaps("circuit_breaker: { minimum_calls: 5, open_for: 300ms }, ")
      + draw.perhaps("fallback: { \(fallback) }, ") + "priority: normal }"
  }

  private static func upstream(_ number: Int, _ draw: inout Draw) -> String {
    let policy = draw.one(of: [
      "round_robin", "least_request", "peak_ewma", "random", "ring_hash, hash_on: { path: true }",
    ])
    return "    s\(number): { "
      + draw.perhaps(
        "circuit_breaker: { slow_call: 100ms, minimum_calls: 5, open_for: 500ms, recovery: 1s }, ")
      + draw.perhaps("endpoint_circuit_breaker: { consecutive_failures: 2, open_for: 200ms }, ")
      + draw.perhaps(
        "outlier_detection: { consecutive_5xx: 2, interval: 500ms, base_ejection: 500ms, latency: {} }, "
      )
      + draw.perhaps("adaptive_concurrency: {}, ")
      + draw.perhaps("health_check: { interval: 300ms, timeout: 100ms }, ")
      + draw.perhaps(
        "limits: { connections: 3, pending: 20, requests: 40, pending_target: 20ms }, timeouts: { connect: 100ms, pending: 500ms }, "
      ) + "balancing: { policy: \(policy) } }"
  }
}
