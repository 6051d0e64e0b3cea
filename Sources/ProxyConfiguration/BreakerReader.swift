import Primitives
import Resilience

/// Reads a circuit breaker, wherever it stands.
enum BreakerReader {
  /// What `mode` may be.
  static let modes: [(name: String, mode: CircuitBreakerPolicy.Mode)] = [
    ("enforced", .enforced), ("shadow", .shadow), ("disabled", .disabled),
  ]

  static func read(
    _ outer: Section, _ key: String, _ checker: inout SchemaChecker
  ) -> BreakerConfiguration? {
    guard outer.has(key) else { return nil }
    let section = outer.section(key)
    let failures = section.section("failures")
    let mode = section.text("mode")
    let policy = CircuitBreakerPolicy(
      failureRate: section.share("failure_rate"), slowCall: section.duration("slow_call"),
      slowCallRate: section.share("slow_call_rate") ?? .all, window: window(section),
      minimumCalls: section.integer("minimum_calls") ?? 0,
      consecutiveFailures: section.quantity("consecutive_failures"),
      openFor: section.duration("open_for") ?? .zero,
      openForMax: section.duration("open_for_max") ?? .zero,
      halfOpenCalls: section.integer("half_open_calls") ?? 1,
      recovery: section.duration("recovery") ?? .zero,
      mode: modes.first { $0.name == mode }?.mode ?? .enforced)
    check(policy, section, key, &checker)
    return BreakerConfiguration(
      policy: policy,
      classifier: OutcomeClassifier(
        statuses: StatusSet(failures.statuses("statuses")),
        grpcStatuses: failures.texts("grpc").compactMap {
          GRPCStatus(key: $0)?.rawValue
        }))
  }

  private static func window(_ section: Section) -> CircuitBreakerPolicy.Window {
    section.integer("window_calls").map { .calls($0) } ?? .time(section.duration("window") ?? .zero)
  }

  private static func check(
    _ settings: CircuitBreakerPolicy, _ section: Section, _ key: String,
    _ checker: inout SchemaChecker
  ) {
    checker.hold(
      !(section.has("window") && section.has("window_calls")), section, "window_calls",
      "\(key) has window and window_calls; keep one")
    let isAllOff =
      settings.failureRate == nil && settings.slowCall == nil
      && settings.consecutiveFailures == nil
    if isAllOff {
      checker.report(
        section.mark,
        "\(key) never opens: failure_rate, slow_call and consecutive_failures are off; set one")
    }
    if settings.openFor > settings.openForMax {
      let given = section.has("open_for") ? "open_for" : "open_for_max"
      checker.report(
        section.mark(given), "\(key).open_for is longer than open_for_max; change one")
    }
  }
}
