import ControlPlane
import Telemetry

/// What the proxy counts of each upstream, and how fast it grows.
///
/// Rates are of the second that `turn` ended last.
struct DemoRates: Sendable {
  struct Counts: Sendable {
    var retries = 0
    var hedges = 0
    var fallbacks = 0

    static func - (left: Self, right: Self) -> Self {
      Counts(
        retries: left.retries - right.retries, hedges: left.hedges - right.hedges,
        fallbacks: left.fallbacks - right.fallbacks)
    }

    static func + (left: Self, right: Self) -> Self {
      Counts(
        retries: left.retries + right.retries, hedges: left.hedges + right.hedges,
        fallbacks: left.fallbacks + right.fallbacks)
    }
  }

  private var now: [String: Counts] = [:]
  private var before: [String: Counts] = [:]
  private var perSecond: [String: Counts] = [:]
  /// Failures by name, over all upstreams.
  private(set) var reasons: [(label: String, count: Int)] = []

  var total: Counts { now.values.reduce(Counts(), +) }

  /// The rates of an upstream.
  func rates(of upstream: String) -> Counts { perSecond[upstream] ?? Counts() }

  /// The counts of an upstream since the start.
  func total(of upstream: String) -> Counts { now[upstream] ?? Counts() }

  mutating func update(_ counters: CounterTotals) {
    var fresh: [String: Counts] = [:]
    for (upstream, count) in counters.values("weir_upstream_retries_total", by: "upstream") {
      fresh[upstream, default: Counts()].retries = Int(count)
    }
    for result in ["won", "lost"] {
      let hedges = counters.values("weir_hedges_total", by: "upstream", only: ["result": result])
      for (upstream, count) in hedges { fresh[upstream, default: Counts()].hedges += Int(count) }
    }
    for (upstream, count) in counters.values("weir_upstream_fallbacks_total", by: "upstream") {
      fresh[upstream, default: Counts()].fallbacks = Int(count)
    }
    now = fresh
    reasons = counters.values("weir_requests_total", by: "reason").filter { $0.label != "none" }
      .map { ($0.label, Int($0.count)) }
  }

  /// Ends a second.
  mutating func turn() {
    perSecond = now.map { ($0.key, $0.value - (before[$0.key] ?? Counts())) }
      .reduce(into: [:]) { $0[$1.0] = $1.1 }
    before = now
  }
}
