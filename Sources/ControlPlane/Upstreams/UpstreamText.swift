import Primitives
import Resilience

/// `/upstreams` for a person.
enum UpstreamText {
  static func text(_ reports: [UpstreamReport]) -> String {
    reports.map { report in
      var lines = ["\(report.name)  \(limits(report))"]
      if report.isPanicking {
        let available = report.endpoints.count { $0.condition == .available }
        lines.append(
          "  panic: \(available) of \(report.endpoints.count) endpoints available, so that all are "
            + "asked, whatever their state, but for open circuit breakers")
      }
      if let breaker = report.breaker {
        lines.append("  circuit breaker \(BreakerFigures.text(breaker, report.now))")
      }
      for (route, figures) in report.routeBreakers {
        lines.append(
          "  circuit breaker of route \(route) \(BreakerFigures.text(figures, report.now))")
      }
      if let budget = report.budget {
        lines.append(
          "  retries \(budget.retries)/\(budget.retriesMax) at \(budget.requests) requests")
      }
      if let adaptive = report.adaptive {
        let unqueued = adaptive.unqueuedNanoseconds
        lines.append(
          "  adaptive limit \(adaptive.inFlight)/\(adaptive.limit), "
            + (unqueued == 0
              ? "which was never full for long"
              : "an answer takes \(SpokenTime.text(unqueued)) without a queue"))
      }
      if !report.unresolved.isEmpty {
        lines.append("  unresolved: \(report.unresolved.joined(separator: ", "))")
      }
      lines += table(report)
      return lines.joined(separator: "\n") + "\n"
    }.joined(separator: "\n")
  }

  private static func limits(_ report: UpstreamReport) -> String {
    report.limits.map { "\($0.name) \($0.used)/\($0.most)" }.joined(separator: ", ")
  }

  private enum Side {
    case left, right
  }

  private static let titles: [(String, Side)] = [
    ("endpoint", .left), ("state", .left), ("health", .left), ("in flight", .right),
    ("connections", .right), ("idle", .right), ("latency", .right), ("weight", .right),
    ("priority", .right), ("zone", .left),
  ]

  private static func table(_ report: UpstreamReport) -> [String] {
    let rows = [titles.map(\.0)] + report.endpoints.map { row($0, report) }
    let widths = titles.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = titles.indices.map { column in
        let space = String(repeating: " ", count: widths[column] - row[column].count)
        return titles[column].1 == .left ? row[column] + space : space + row[column]
      }
      var line = "  " + cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }
  }

  private static func row(
    _ endpoint: UpstreamReport.Endpoint, _ report: UpstreamReport
  ) -> [String] {
    let counts = endpoint.counts
    return [
      counts.address, state(endpoint, report), health(endpoint), "\(counts.inFlight)",
      "\(counts.connections)", "\(counts.idle)",
      counts.latencyNanoseconds.map { SpokenTime.text($0) } ?? "-", "\(endpoint.weight)",
      "\(endpoint.priority)", endpoint.zone ?? "-",
    ]
  }

  private static func state(
    _ endpoint: UpstreamReport.Endpoint, _ report: UpstreamReport
  ) -> String {
    switch endpoint.condition {
    case .unhealthy: return endpoint.condition.rawValue
    case .available:
      let state = endpoint.breaker?.state ?? .closed
      return state == .closed ? endpoint.condition.rawValue : state.rawValue
    case .ejected:
      guard let ejection = endpoint.ejection else { return endpoint.condition.rawValue }
      // Nobody looks at it before it is next asked for.
      let time =
        ejection.forNanoseconds > 0
        ? SpokenTime.text(ejection.forNanoseconds) : "until the next request"
      return "ejected \(time): \(ejection.cause.rawValue)"
    case .circuitOpen:
      guard let breaker = endpoint.breaker, let until = breaker.openUntil, breaker.state == .open
      else { return endpoint.breaker?.state.rawValue ?? endpoint.condition.rawValue }
      let left = until.nanoseconds(since: report.now)
      return left > 0 ? "open \(SpokenTime.text(left))" : "open until the next request"
    }
  }

  private static func health(_ endpoint: UpstreamReport.Endpoint) -> String {
    guard let isHealthy = endpoint.isHealthy else { return "unchecked" }
    if isHealthy { return "healthy" }
    return endpoint.healthCause.map { "unhealthy: \($0)" } ?? "unhealthy"
  }
}
