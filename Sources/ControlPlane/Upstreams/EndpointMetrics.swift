import DataPath
import Primitives
import Resilience
import Telemetry
import Upstreams

/// `telemetry.metrics.endpoints`: what each endpoint has done, for `/metrics`.
///
/// Off unless it is asked for, because a mesh of thousands of endpoints would make tens of thousands of
/// series. The first endpoints, in the order of the configuration, have series of their own; what the
/// others count is added up under `overflow`, but for latencies, which cannot be added.
enum EndpointMetrics {
  private static let labels = ["upstream", "endpoint"]

  /// `most`: endpoints that have series of their own; `states`: what workers share of the upstreams.
  static func readings(
    _ views: [UpstreamView], _ states: [UpstreamState], most: Int, now: Instant
  ) -> [GaugeReading] {
    var requests = GaugeReading(
      "weir_endpoint_requests_total", .counter,
      help: "Attempts at an endpoint that have ended, or whose answer's head is there.",
      labels: labels, seriesMax: most)
    var errors = GaugeReading(
      "weir_endpoint_errors_total", .counter, help: "Attempts at an endpoint that failed.",
      labels: labels, seriesMax: most)
    var inFlight = GaugeReading(
      "weir_endpoint_in_flight", help: "Attempts that are under way at an endpoint.",
      labels: labels, seriesMax: most)
    var connections = GaugeReading(
      "weir_endpoint_connections", help: "Connections to an endpoint, idle ones included.",
      labels: labels, seriesMax: most)
    var latency = GaugeReading(
      "weir_endpoint_latency_seconds",
      help: "Time to the head of an answer that a share of the recent attempts took at most.",
      labels: labels + ["quantile"])
    var lastError = GaugeReading(
      "weir_endpoint_last_error_timestamp_seconds",
      help: "When an attempt at an endpoint failed last, in seconds since 1970, and by what.",
      labels: labels + ["reason"])
    for (index, entry) in entries(views).enumerated() {
      let (name, endpoint) = entry
      let values = [name, endpoint.address]
      requests.add(values, Int(clamping: endpoint.tally.requests))
      errors.add(values, Int(clamping: endpoint.tally.errors))
      inFlight.add(values, endpoint.inFlight)
      connections.add(values, endpoint.connections)
      guard index < most else { continue }
      if let (fault, at) = endpoint.tally.lastError {
        lastError.add(values + [fault.text], Int(clamping: WallClock.unix(of: at, now: now)))
      }
      for (share, word) in [(Share.percent(50), "0.5"), (Share.percent(99), "0.99")] {
        guard let time = endpoint.tally.latency(at: share, now: now) else { continue }
        latency.add(values + [word], Int(clamping: time))
      }
    }
    return [requests, errors, inFlight, connections, latency, lastError]
      + [conditions(views, states, most)]
  }

  /// 1 for the state that an endpoint is in, else 0.
  private static func conditions(
    _ views: [UpstreamView], _ states: [UpstreamState], _ most: Int
  ) -> GaugeReading {
    var gauge = GaugeReading(
      "weir_endpoint_state", help: "1 for the state that an endpoint is in, else 0.",
      labels: labels + ["state"])
    let shared = Dictionary(states.map { ($0.name, $0) }) { first, _ in first }
    for (name, endpoint) in entries(views).prefix(most) {
      guard let state = shared[name]?.endpoints.first(where: { $0.identity == endpoint.address })
      else { continue }
      let condition = EndpointCondition(state, state.breaker?.state)
      for each in EndpointCondition.allCases {
        gauge.add([name, endpoint.address, each.rawValue], each == condition ? 1 : 0)
      }
    }
    return gauge
  }

  private static func entries(_ views: [UpstreamView]) -> [(String, UpstreamView.Endpoint)] {
    views.flatMap { view in view.endpoints.map { (view.name, $0) } }
  }
}
