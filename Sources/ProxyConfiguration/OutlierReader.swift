import Primitives
import Resilience

/// Reads an upstream's outlier detection.
enum OutlierReader {
  static func read(_ upstream: Section, _ checker: inout SchemaChecker) -> OutlierPolicy? {
    guard upstream.has("outlier_detection") else { return nil }
    let section = upstream.section("outlier_detection")
    var policy = OutlierPolicy()
    policy.consecutive5xx = section.quantity("consecutive_5xx")
    policy.consecutiveGatewayFailures = section.quantity("consecutive_gateway_failures")
    policy.consecutiveLocalOriginFailures = section.quantity("consecutive_local_origin_failures")
    policy.interval = section.duration("interval") ?? .zero
    policy.baseEjection = section.duration("base_ejection") ?? .zero
    policy.maxEjection = section.duration("ejection_max") ?? .zero
    policy.maxEjected = section.share("max_ejected") ?? .zero
    policy.successRate = successRate(section)
    policy.failurePercentage = failurePercentage(section)
    policy.latency = latency(section)
    let given = section.has("base_ejection") ? "base_ejection" : "ejection_max"
    checker.hold(
      policy.baseEjection <= policy.maxEjection, section, given,
      "base_ejection is longer than ejection_max; change one")
    return policy
  }

  /// On where it was left out.
  private static func successRate(_ outer: Section) -> OutlierPolicy.SuccessRate? {
    if outer.text("success_rate") == "off" { return nil }
    let section = outer.section("success_rate")
    var rule = OutlierPolicy.SuccessRate()
    rule.minimumEndpoints = section.integer("minimum_endpoints") ?? 0
    rule.minimumCalls = section.integer("minimum_calls") ?? 0
    rule.deviations = Double(section.quantity("deviations") ?? 0) / 10_000
    return rule
  }

  private static func failurePercentage(_ outer: Section) -> OutlierPolicy.FailurePercentage? {
    guard outer.has("failure_percentage") else { return nil }
    let section = outer.section("failure_percentage")
    var rule = OutlierPolicy.FailurePercentage()
    rule.threshold = section.share("threshold") ?? .all
    rule.minimumEndpoints = section.integer("minimum_endpoints") ?? 0
    rule.minimumCalls = section.integer("minimum_calls") ?? 0
    return rule
  }

  private static func latency(_ outer: Section) -> OutlierPolicy.Latency? {
    guard outer.has("latency") else { return nil }
    let section = outer.section("latency")
    var rule = OutlierPolicy.Latency()
    rule.factor = section.integer("factor") ?? 0
    rule.floor = section.duration("floor") ?? .zero
    rule.minimumEndpoints = section.integer("minimum_endpoints") ?? 0
    rule.minimumCalls = section.integer("minimum_calls") ?? 0
    return rule
  }
}
