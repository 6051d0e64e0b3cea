import Primitives
import ProxyConfiguration
import Telemetry

/// What a route has done since the start, added up over its upstreams, answers and workers.
struct RouteReport {
  let listener: String
  let route: String
  /// In the order in which they were first asked.
  private(set) var upstreams: [String] = []
  private(set) var requests: UInt64 = 0
  /// Answers of 500 and above, whoever gave them, and requests that ended without one.
  private(set) var errors: UInt64 = 0
  /// Durations by the bounds of `HistogramBounds.requests`, the last above all of them.
  private(set) var durations = [UInt64](repeating: 0, count: HistogramBounds.requests.count + 1)

  /// Every route that has had a request, in the order in which they first had one.
  static func all(_ totals: CounterTotals) -> [RouteReport] {
    var reports: [RouteReport] = []
    var places: [[String]: Int] = [:]
    func place(_ listener: String, _ route: String) -> Int {
      if let known = places[[listener, route]] { return known }
      places[[listener, route]] = reports.count
      reports.append(RouteReport(listener: listener, route: route))
      return reports.count - 1
    }
    let labels = ["listener", "route", "upstream", "code"]
    for (values, count) in totals.series("weir_requests_total", labels) where values.count == 4 {
      reports[place(values[0], values[1])].add(count, upstream: values[2], code: values[3])
    }
    for (values, slots) in totals.histograms(
      "weir_request_duration_seconds", ["listener", "route"]) where values.count == 2
    {
      reports[place(values[0], values[1])].add(slots)
    }
    return reports
  }

  private mutating func add(_ count: UInt64, upstream: String, code: String) {
    requests &+= count
    let isUnanswered = code.hasPrefix("0") || code == "499"
    if code.hasPrefix("5") || isUnanswered { errors &+= count }
    if upstream != "none", !upstreams.contains(upstream) { upstreams.append(upstream) }
  }

  private mutating func add(_ slots: ArraySlice<UInt64>) {
    for (bucket, count) in slots.prefix(durations.count).enumerated() {
      durations[bucket] &+= count
    }
  }

  var json: JSONValue {
    .object([
      ("listener", .text(listener)), ("route", .text(route)),
      ("upstreams", .list(upstreams.map { .text($0) })),
      ("requests", .number(Int(clamping: requests))), ("errors", .number(Int(clamping: errors))),
      (
        "durations",
        .list(
          durations.enumerated().map { bucket, count in
            let isLast = bucket == HistogramBounds.requests.count
            return .object([
              (
                "le_us",
                isLast
                  ? .text("inf") : .number(Int(HistogramBounds.requests[bucket] / 1000))
              ),
              ("count", .number(Int(clamping: count))),
            ])
          })
      ),
    ])
  }

  /// `in/fhir: 1200 requests, 3 errors, to prescription`.
  var text: String {
    let to = upstreams.isEmpty ? "" : ", to \(upstreams.joined(separator: ", "))"
    return "\(listener)/\(route): \(requests) requests, \(errors) errors\(to)"
  }
}
