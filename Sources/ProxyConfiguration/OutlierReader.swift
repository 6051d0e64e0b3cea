import Primitives

/// Reads an upstream's outlier detection.
enum OutlierReader {
  static func read(_ upstream: Section, _ checker: inout SchemaChecker) -> OutlierSettings? {
    guard upstream.has("outlier_detection") else { return nil }
    let section = upstream.section("outlier_detection")
    let settings = OutlierSettings(
      consecutive5xx: section.quantity("consecutive_5xx"),
      consecutiveGatewayFailures: section.quantity("consecutive_gateway_failures"),
      consecutiveLocalOriginFailures: section.quantity("consecutive_local_origin_failures"),
      interval: section.duration("interval") ?? .zero,
      ejectionBase: section.duration("base_ejection") ?? .zero,
      ejectionMax: section.duration("ejection_max") ?? .zero,
      ejectedMax: section.share("max_ejected") ?? .zero, successRate: successRate(section),
      failurePercentage: failurePercentage(section), latency: latency(section))
    let given = section.has("base_ejection") ? "base_ejection" : "ejection_max"
    checker.hold(
      settings.ejectionBase <= settings.ejectionMax, section, given,
      "base_ejection is longer than ejection_max; change one")
    return settings
  }

  /// On where it was left out.
  private static func successRate(_ outliers: Section) -> OutlierSettings.SuccessRate? {
    if outliers.text("success_rate") == "off" { return nil }
    let section = outliers.section("success_rate")
    return .init(
      endpointsMin: section.integer("minimum_endpoints") ?? 0,
      callsMin: section.integer("minimum_calls") ?? 0,
      deviationsBasisPoints: section.quantity("deviations") ?? 0)
  }

  private static func failurePercentage(
    _ outliers: Section
  ) -> OutlierSettings.FailurePercentage? {
    guard outliers.has("failure_percentage") else { return nil }
    let section = outliers.section("failure_percentage")
    return .init(
      threshold: section.share("threshold") ?? .all,
      endpointsMin: section.integer("minimum_endpoints") ?? 0,
      callsMin: section.integer("minimum_calls") ?? 0)
  }

  private static func latency(_ outliers: Section) -> OutlierSettings.Latency? {
    guard outliers.has("latency") else { return nil }
    let section = outliers.section("latency")
    return .init(
      factor: section.integer("factor") ?? 0,
      endpointsMin: section.integer("minimum_endpoints") ?? 0,
      callsMin: section.integer("minimum_calls") ?? 0,
      floor: section.duration("floor") ?? .zero)
  }
}
