import ProxyConfiguration

/// Outlier detection in the file's keys.
enum OutlierView {
  static func json(_ outliers: OutlierSettings, _ mode: PolicyMode) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("consecutive_5xx", ConfigurationView.count(outliers.consecutive5xx)),
      (
        "consecutive_gateway_failures",
        ConfigurationView.count(outliers.consecutiveGatewayFailures)
      ),
      (
        "consecutive_local_origin_failures",
        ConfigurationView.count(outliers.consecutiveLocalOriginFailures)
      ),
      ("interval", ConfigurationView.duration(outliers.interval)),
      ("base_ejection", ConfigurationView.duration(outliers.ejectionBase)),
      ("ejection_max", ConfigurationView.duration(outliers.ejectionMax)),
      ("max_ejected", ConfigurationView.share(outliers.ejectedMax)),
      ("success_rate", outliers.successRate.map(successRate) ?? .text("off")),
    ]
    members.append(("mode", .text(mode.rawValue)))
    if let failures = outliers.failurePercentage {
      members.append(("failure_percentage", percentage(failures)))
    }
    if let latency = outliers.latency { members.append(("latency", self.latency(latency))) }
    return .object(members)
  }

  private static func successRate(_ rate: OutlierSettings.SuccessRate) -> JSONValue {
    .object([
      ("minimum_endpoints", .number(rate.endpointsMin)), ("minimum_calls", .number(rate.callsMin)),
      ("deviations", ConfigurationView.percentage(rate.deviationsBasisPoints)),
    ])
  }

  private static func percentage(_ failures: OutlierSettings.FailurePercentage) -> JSONValue {
    .object([
      ("threshold", ConfigurationView.share(failures.threshold)),
      ("minimum_endpoints", .number(failures.endpointsMin)),
      ("minimum_calls", .number(failures.callsMin)),
    ])
  }

  private static func latency(_ latency: OutlierSettings.Latency) -> JSONValue {
    .object([
      ("factor", .number(latency.factor)), ("minimum_endpoints", .number(latency.endpointsMin)),
      ("minimum_calls", .number(latency.callsMin)),
      ("floor", ConfigurationView.duration(latency.floor)),
    ])
  }
}
