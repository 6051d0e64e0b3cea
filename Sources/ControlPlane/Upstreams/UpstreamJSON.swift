import Primitives
import ProxyConfiguration
import Resilience

/// `/upstreams` for programs.
enum UpstreamJSON {
  static func json(_ reports: [UpstreamReport]) -> JSONValue {
    .object(reports.map { ($0.name, upstream($0)) })
  }

  private static func upstream(_ report: UpstreamReport) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("endpoints", .list(report.endpoints.map { endpoint($0, report.now) })),
      ("panic", .boolean(report.isPanicking)),
    ]
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
    if !report.unresolved.isEmpty {
      members.append(("unresolved", .list(report.unresolved.map { .text($0) })))
    }
    return .object(members)
  }

  private static func endpoint(_ endpoint: UpstreamReport.Endpoint, _ now: Instant) -> JSONValue {
    let counts = endpoint.counts
    var members: [(String, JSONValue)] = [
      ("address", .text(counts.address)), ("connections", .number(counts.connections)),
      ("idle", .number(counts.idle)), ("in_flight", .number(counts.inFlight)),
      ("state", .text(endpoint.condition.rawValue)),
      (
        "health",
        .text(endpoint.isHealthy.map { $0 ? "healthy" : "unhealthy" } ?? "unchecked")
      ),
    ]
    if let cause = endpoint.healthCause { members.append(("health_cause", .text(cause))) }
    members += [("weight", .number(endpoint.weight)), ("priority", .number(endpoint.priority))]
    if let zone = endpoint.zone { members.append(("zone", .text(zone))) }
    if let latency = counts.latencyNanoseconds {
      members.append(("latency_us", .number(Int(latency / 1000))))
    }
    if let ejection = endpoint.ejection {
      members.append(
        (
          "ejected",
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
