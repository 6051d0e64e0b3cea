import Primitives
import Resilience
import Upstreams

/// Upstreams: breakers, detectors and checks that cannot act.
extension PolicyCritic {
  /// More requests a second than that are not a matter of course for one service.
  private static let steadyRate = 10.0

  mutating func judge(_ entry: Upstream) {
    let upstream = entry.upstream
    let callers = callers(upstream)
    judgeBreaker(
      upstream.circuitBreaker?.policy, entry.section, "circuit_breaker", callers: callers,
      breakers: 1)
    judgeBreaker(
      upstream.endpointCircuitBreaker?.policy, entry.section, "endpoint_circuit_breaker",
      callers: callers, breakers: max(upstream.endpoints.count, 1))
    if upstream.circuitBreaker != nil {
      judgeHangs(upstream.circuitBreaker?.policy, entry.section, "circuit_breaker")
    } else if upstream.outlierDetection?.latency == nil {
      // Where the detector compares latencies, it hears of calls that hang.
      judgeHangs(upstream.endpointCircuitBreaker?.policy, entry.section, "endpoint_circuit_breaker")
    }
    judgeUse(entry, isCalled: !callers.isEmpty)
    judgeEndpoints(entry)
    judgeDetector(entry)
    judgePanic(upstream, entry.section)
    if let target = upstream.pendingTarget, target >= upstream.pendingTimeout {
      warn(
        entry.section.section("limits"), "pending_target",
        "who waits is refused after \(Scalars.text(upstream.pendingTimeout)), timeouts.pending, "
          + "before the target of \(Scalars.text(target)) is missed: it does nothing; lower it")
    }
    if let check = upstream.healthCheck?.policy, check.timeout >= check.interval {
      let section = entry.section.section("health_check")
      warn(
        section, section.has("timeout") ? "timeout" : "interval",
        "an answer may take \(Scalars.text(check.timeout)) and the next check comes after "
          + "\(Scalars.text(check.interval)): checks of one endpoint overlap; lower timeout")
    }
  }

  /// Once as many are ejected as may be, so few can be left that all are asked again.
  private mutating func judgePanic(_ upstream: UpstreamConfiguration, _ section: Section) {
    // A host name may stand for any number.
    guard let outliers = upstream.outlierDetection,
      upstream.endpoints.allSatisfy({ SocketAddress($0.address) != nil })
    else { return }
    let count = upstream.endpoints.count
    let left = count - outliers.maxEjected.ejectionsMax(of: count)
    let threshold = upstream.balancing.settings.panicThreshold
    guard left < count, !threshold.isReached(by: UInt64(left), of: UInt64(count)) else { return }
    let balancing = section.section("balancing")
    let isThresholdGiven = balancing.has("panic_threshold")
    warn(
      isThresholdGiven ? balancing : section.section("outlier_detection"),
      isThresholdGiven ? "panic_threshold" : "max_ejected",
      "once \(count - left) of \(count) endpoints are ejected, fewer are left than "
        + "panic_threshold, \(Scalars.text(basisPoints: Int(threshold.basisPoints))), and all are "
        + "asked again, the ejected ones too; lower max_ejected or panic_threshold")
  }

  /// `breakers`: how many share the traffic. `callers`: the routes whose calls it counts.
  mutating func judgeBreaker(
    _ settings: CircuitBreakerPolicy?, _ outer: Section, _ key: String,
    callers: [RouteConfiguration], breakers: Int
  ) {
    guard let settings, settings.mode != .disabled else { return }
    let section = outer.section(key)
    judgeWindow(settings, section, breakers)
    if settings.slowCall == nil, section.has("slow_call_rate") {
      warn(
        section, "slow_call_rate",
        "no call is slow while slow_call is off, so that slow_call_rate does nothing; set "
          + "slow_call, such as slow_call: 2s, or remove it")
    }
    guard let slow = settings.slowCall, !callers.isEmpty else { return }
    let bounds = callers.map { route in
      [route.timeout, route.retry?.perTryTimeout].compactMap(\.self).min()
    }
    let longest = bounds.compactMap(\.self).max()
    guard let longest, !bounds.contains(nil), slow >= longest else { return }
    warn(
      section, "slow_call",
      "a call is slow after \(Scalars.text(slow)), but every call ends after "
        + "\(Scalars.text(longest)), its timeout: slow_call_rate never opens it; lower slow_call")
  }

  /// A breaker that does not hear of calls that hang.
  mutating func judgeHangs(_ settings: CircuitBreakerPolicy?, _ outer: Section, _ key: String) {
    // A rate of slow calls without it is told of by itself.
    guard let settings, settings.mode != .disabled, settings.slowCall == nil,
      !outer.section(key).has("slow_call_rate")
    else { return }
    warn(
      outer.section(key), "slow_call",
      "without slow_call a call that hangs counts for nothing once its client has given up, so that "
        + "a service that hangs does not open this breaker; set slow_call to what is too slow for "
        + "its clients")
  }

  private mutating func judgeWindow(
    _ settings: CircuitBreakerPolicy, _ section: Section, _ breakers: Int
  ) {
    let judgesRates = settings.failureRate != nil || settings.slowCall != nil
    guard judgesRates else { return }
    switch settings.window {
    case .calls(let calls) where calls < settings.minimumCalls:
      warn(
        section, section.has("minimum_calls") ? "minimum_calls" : "window_calls",
        "a window of \(calls) calls never holds minimum_calls, \(settings.minimumCalls), so that no "
          + "rate opens it; lower minimum_calls to \(calls)")
    case .time(let window) where settings.consecutiveFailures == nil:
      let seconds = Double(window.nanosecondsClamped) / 1e9
      let needed = Double(settings.minimumCalls * breakers) / seconds
      guard needed > Self.steadyRate else { return }
      let each = breakers == 1 ? "" : ", \(breakers) endpoints together"
      warn(
        section, "minimum_calls",
        "\(settings.minimumCalls) calls in \(Scalars.text(window)) need at least "
          + "\(Int(needed.rounded(.up))) requests/s\(each); with fewer it never opens, for "
          + "consecutive_failures is off; lower minimum_calls or set consecutive_failures")
    default: return
    }
  }
}
