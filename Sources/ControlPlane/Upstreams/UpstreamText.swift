import DataPath
import Primitives
import Resilience
import Upstreams

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
      if !report.shadows.isEmpty {
        let counts = report.shadows.map { "\($0.policy.rawValue) \($0.count)" }
        lines.append("  in shadow, would have refused: \(counts.joined(separator: ", "))")
      }
      if report.isOutlierShadow {
        lines += report.endpoints.compactMap { endpoint in
          endpoint.ejection.map {
            "  \(endpoint.counts.address) would be ejected for "
              + "\(SpokenTime.text($0.forNanoseconds)): \($0.cause.rawValue)"
          }
        }
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

  private struct Column: Sendable {
    let title: String
    var isRight = false
    /// A column in which every endpoint says this is left out.
    var usual: String?
    let cell: @Sendable (UpstreamReport.Endpoint, Instant) -> String
  }

  private static let columns: [Column] = [
    Column(title: "endpoint") { endpoint, _ in endpoint.counts.address },
    Column(title: "state", cell: state),
    Column(title: "health", usual: "unchecked") { endpoint, _ in health(endpoint) },
    Column(title: "in flight", isRight: true) { endpoint, _ in "\(endpoint.counts.inFlight)" },
    Column(title: "connections", isRight: true) { endpoint, _ in
      "\(endpoint.counts.connections)"
    },
    Column(title: "idle", isRight: true) { endpoint, _ in "\(endpoint.counts.idle)" },
    Column(title: "requests", isRight: true) { endpoint, _ in "\(endpoint.counts.tally.requests)" },
    Column(title: "errors", isRight: true) { endpoint, _ in "\(endpoint.counts.tally.errors)" },
    Column(title: "p50", isRight: true) { endpoint, _ in time(endpoint.p50) },
    Column(title: "p99", isRight: true) { endpoint, _ in time(endpoint.p99) },
    Column(title: "average", isRight: true, usual: "-") { endpoint, _ in
      time(endpoint.counts.latencyNanoseconds)
    },
    Column(title: "weight", isRight: true, usual: "1") { endpoint, _ in "\(endpoint.weight)" },
    Column(title: "priority", isRight: true, usual: "0") { endpoint, _ in "\(endpoint.priority)" },
    Column(title: "zone", usual: "-") { endpoint, _ in endpoint.zone ?? "-" },
    Column(title: "last error", usual: "-", cell: lastError),
  ]

  private static func table(_ report: UpstreamReport) -> [String] {
    var shown: [(column: Column, cells: [String])] = []
    for column in columns {
      let cells = report.endpoints.map { column.cell($0, report.now) }
      if let usual = column.usual, cells.allSatisfy({ $0 == usual }) { continue }
      shown.append((column, [column.title] + cells))
    }
    let widths = shown.map { $0.cells.map(\.count).max() ?? 0 }
    return (0...report.endpoints.count).map { row in
      let cells = zip(shown, widths).map { each, width in
        let space = String(repeating: " ", count: width - each.cells[row].count)
        return each.column.isRight ? space + each.cells[row] : each.cells[row] + space
      }
      var line = "  " + cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }
  }

  private static func time(_ nanoseconds: Int64?) -> String {
    nanoseconds.map { SpokenTime.text($0) } ?? "-"
  }

  /// `connect_refused 2.1 s ago`.
  private static func lastError(_ endpoint: UpstreamReport.Endpoint, _ now: Instant) -> String {
    guard let (fault, at) = endpoint.counts.tally.lastError else { return "-" }
    return "\(fault.text) \(SpokenTime.text(now.nanoseconds(since: at))) ago"
  }

  /// `available`, `ejected 14.8 s: consecutive_failures`, `open until the next request: …`.
  private static func state(_ endpoint: UpstreamReport.Endpoint, _ now: Instant) -> String {
    var text = endpoint.standing
    if let left = endpoint.left(now) {
      // Nobody looks at it before it is next asked for.
      text += left > 0 ? " \(SpokenTime.text(left))" : " until the next request"
    }
    if let reason = endpoint.reason, endpoint.condition != .unhealthy { text += ": \(reason)" }
    return text
  }

  private static func health(_ endpoint: UpstreamReport.Endpoint) -> String {
    guard let isHealthy = endpoint.isHealthy else { return "unchecked" }
    if isHealthy { return "healthy" }
    return endpoint.healthCause.map { "unhealthy: \($0)" } ?? "unhealthy"
  }
}
