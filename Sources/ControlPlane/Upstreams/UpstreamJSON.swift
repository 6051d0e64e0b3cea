import DataPath
import Primitives
import ProxyConfiguration
import Resilience
import Upstreams

/// `/upstreams` for programs.
enum UpstreamJSON {
  static func json(_ reports: [UpstreamReport]) -> JSONValue {
    .object(reports.map { ($0.name, upstream($0)) })
  }

  private static func upstream(_ report: UpstreamReport) -> JSONValue {
    var members: [(String, JSONValue)] = [
      (
        "endpoints",
        .list(report.endpoints.map { endpoint($0, report.now, isShadow: report.isOutlierShadow) })
      ),
      ("panic", .boolean(report.isPanicking)),
      ("requests_total", .number(Int(clamping: report.tally.requests))),
      ("errors_total", .number(Int(clamping: report.tally.errors))),
    ]
    members += latencies(
      report.tally.latency(at: .percent(50), now: report.now),
      report.tally.latency(at: .percent(99), now: report.now))
    for limit in report.limits {
      members.append(
        (limit.name, .object([("used", .number(limit.used)), ("most", .number(limit.most))])))
    }
    if let breaker = report.breaker {
      members.append(("circuit_breaker", BreakerFigures.json(breaker, report.now)))
    }
    if !report.routeBreakers.isEmpty {
      members.append(
        (
          "route_circuit_breakers",
          .object(
            report.routeBreakers.map { ($0.route, BreakerFigures.json($0.figures, report.now)) })
        ))
    }
    if let adaptive = report.adaptive {
      members.append(
        (
          "adaptive_concurrency",
          .object([
            ("limit", .number(adaptive.limit)), ("in_flight", .number(adaptive.inFlight)),
            ("unqueued_latency_us", .number(Int(adaptive.unqueuedNanoseconds / 1000))),
          ])
        ))
    }
    if let budget = report.budget {
      members.append(
        (
          "retry_budget",
          .object([
            ("requests", .number(budget.requests)), ("retries", .number(budget.retries)),
            ("retries_allowed", .number(budget.retriesMax)),
          ])
        ))
    }
    if !report.shadows.isEmpty {
      members.append(
        (
          "would_refuse",
          .object(report.shadows.map { ($0.policy.rawValue, .number($0.count)) })
        ))
    }
    if !report.unresolved.isEmpty {
      members.append(("unresolved", .list(report.unresolved.map { .text($0) })))
    }
    return .object(members)
  }

  /// The percentiles of recent attempts.
  private static func latencies(_ p50: Int64?, _ p99: Int64?) -> [(String, JSONValue)] {
    [("p50_us", p50), ("p99_us", p99)].compactMap { name, time in
      time.map { (name, .number(Int($0 / 1000))) }
    }
  }

  /// `isShadow`: nobody is ejected, and it is told who would be.
  private static func endpoint(
    _ endpoint: UpstreamReport.Endpoint, _ now: Instant, isShadow: Bool
  ) -> JSONValue {
    let counts = endpoint.counts
    var members: [(String, JSONValue)] = [
      ("address", .text(counts.address)), ("connections", .number(counts.connections)),
      ("idle", .number(counts.idle)), ("in_flight", .number(counts.inFlight)),
      ("requests", .number(Int(clamping: counts.tally.requests))),
      ("errors", .number(Int(clamping: counts.tally.errors))),
      ("state", .text(endpoint.condition.rawValue)), ("standing", .text(endpoint.standing)),
      (
        "health",
        .text(endpoint.isHealthy.map { $0 ? "healthy" : "unhealthy" } ?? "unchecked")
      ),
    ]
    if let reason = endpoint.reason { members.append(("reason", .text(reason))) }
    if let left = endpoint.left(now) {
      members.append(
        ("until", .text(WallClock.text(of: now.advanced(byNanoseconds: left), now: now))))
    }
    members += latencies(endpoint.p50, endpoint.p99)
    if let (fault, at) = counts.tally.lastError {
      members.append(
        (
          "last_error",
          .object([
            ("reason", .text(fault.text)), ("at", .text(WallClock.text(of: at, now: now))),
            ("ago_ms", .number(Int(max(now.nanoseconds(since: at), 0) / 1_000_000))),
          ])
        ))
    }
    if let cause = endpoint.healthCause { members.append(("health_cause", .text(cause))) }
    members += [("weight", .number(endpoint.weight)), ("priority", .number(endpoint.priority))]
    if let zone = endpoint.zone { members.append(("zone", .text(zone))) }
    if let latency = counts.latencyNanoseconds {
      members.append(("latency_us", .number(Int(latency / 1000))))
    }
    if let ejection = endpoint.ejection {
      members.append(
        (
          isShadow ? "would_be_ejected" : "ejected",
          .object([
            ("cause", .text(ejection.cause.rawValue)),
            ("for_ms", .number(Int(ejection.forNanoseconds / 1_000_000))),
          ])
        ))
    }
    if let breaker = endpoint.breaker {
      members.append(("circuit_breaker", BreakerFigures.json(breaker, now)))
    }
    return .object(members)
  }
}
