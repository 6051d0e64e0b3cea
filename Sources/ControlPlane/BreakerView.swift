import ProxyConfiguration

/// A circuit breaker in the file's keys.
enum BreakerView {
  static func json(_ breaker: BreakerSettings) -> JSONValue {
    let window: (String, JSONValue) =
      switch breaker.window {
      case .time(let duration): ("window", ConfigurationView.duration(duration))
      case .calls(let calls): ("window_calls", .number(calls))
      }
    return .object([
      ("failure_rate", ConfigurationView.share(breaker.failureRate)),
      ("slow_call", ConfigurationView.duration(breaker.slowCall)),
      ("slow_call_rate", ConfigurationView.share(breaker.slowCallRate)), window,
      ("minimum_calls", .number(breaker.callsMin)),
      ("consecutive_failures", ConfigurationView.count(breaker.consecutiveFailures)),
      ("open_for", ConfigurationView.duration(breaker.openFor)),
      ("open_for_max", ConfigurationView.duration(breaker.openForMax)),
      ("half_open_calls", .number(breaker.halfOpenCalls)),
      ("recovery", ConfigurationView.duration(breaker.recovery)),
      ("mode", .text(breaker.mode.rawValue)),
      (
        "failures",
        .object([
          ("statuses", ConfigurationView.statuses(breaker.failureStatuses)),
          ("grpc", .list(breaker.failureGRPCStatuses.map { .text($0.rawValue) })),
        ])
      ),
    ])
  }
}
