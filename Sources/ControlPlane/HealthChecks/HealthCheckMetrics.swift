import Telemetry

/// The slots that count one upstream's health checks, by their results.
struct HealthCheckMetrics {
  private var slots: [ProbeResult.Label: Int] = [:]

  init(_ registry: MetricRegistry, upstream: String) {
    let family = registry.family(
      "weir_health_checks_total", .counter, help: "Health checks that ended, by their result.",
      labels: ["upstream", "result"])
    for label in ProbeResult.Label.allCases {
      slots[label] = registry.series(family, [upstream, label.rawValue])
    }
  }

  func count(_ result: ProbeResult, in shard: MetricShard) {
    if let slot = slots[result.label] { shard.add(slot) }
  }
}
