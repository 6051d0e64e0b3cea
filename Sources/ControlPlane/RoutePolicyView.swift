import Primitives
import ProxyConfiguration

/// What a route does about failure, load and trust, in the file's keys.
enum RoutePolicyView {
  static func members(_ route: RouteConfiguration) -> [(String, JSONValue)] {
    var members: [(String, JSONValue)] = [("priority", .text(route.priority.rawValue))]
    if let retry = route.retry { members.append(("retry", self.retry(retry))) }
    if let hedge = route.hedge { members.append(("hedge", self.hedge(hedge))) }
    if !route.rateLimits.isEmpty {
      members.append(("rate_limit", .list(route.rateLimits.map(rateLimit))))
    }
    if let breaker = route.circuitBreaker {
      members.append(("circuit_breaker", BreakerView.json(breaker)))
    }
    if let fallback = route.fallback { members.append(("fallback", self.fallback(fallback))) }
    if let fault = route.fault { members.append(("fault", self.fault(fault))) }
    if !route.subset.isEmpty {
      members.append(("subset", ConfigurationView.fields(route.subset)))
    }
    return members
  }

  private static func retry(_ retry: RetrySettings) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("attempts", .number(retry.attempts)),
      ("on", .list(retry.conditions.map { .text($0.text) })),
      ("per_try_timeout", ConfigurationView.duration(retry.perTryTimeout)),
      (
        "backoff",
        .object([
          ("base", ConfigurationView.duration(retry.backoffBase)),
          ("max", ConfigurationView.duration(retry.backoffMax)),
        ])
      ),
      ("non_idempotent", .boolean(retry.retriesNonIdempotent)),
    ]
    if retry.honoursIdempotencyKey { members.append(("idempotency_key", .text("honoured"))) }
    members += [
      ("body_buffer", ConfigurationView.size(retry.bodyBytesMax)),
      ("retry_after_max", ConfigurationView.duration(retry.retryAfterMax)),
    ]
    return .object(members)
  }

  private static func hedge(_ hedge: HedgeSettings) -> JSONValue {
    .object([
      ("percentile", ConfigurationView.share(hedge.percentile)),
      ("minimum_delay", ConfigurationView.duration(hedge.delayMin)),
      ("budget", ConfigurationView.share(hedge.budget)),
    ])
  }

  private static func rateLimit(_ limit: RateLimitSettings) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("requests", .number(limit.requests)), ("per", ConfigurationView.duration(limit.period)),
      ("burst", .number(limit.burst)),
    ]
    switch limit.key {
    case .route: members.append(("by", .text("route")))
    case .source: members.append(("by", .text("source")))
    case .header(let name):
      members += [("by", .text("header")), ("header", ConfigurationView.text(name))]
    }
    members += [("keys", .number(limit.keysMax)), ("mode", .text(limit.mode.rawValue))]
    return .object(members)
  }

  private static func fallback(_ fallback: FallbackSettings) -> JSONValue {
    switch fallback {
    case .upstream(let name): .object([("upstream", ConfigurationView.text(name))])
    case .respond(let status, let body, let contentType):
      .object([("respond", RouteView.respond(status, body, contentType))])
    }
  }

  private static func fault(_ fault: FaultSettings) -> JSONValue {
    var members: [(String, JSONValue)] = []
    func add(_ name: String, _ share: Share, _ more: [(String, JSONValue)] = []) {
      members.append((name, .object([("share", ConfigurationView.share(share))] + more)))
    }
    if let delay = fault.delay {
      add("delay", delay.share, [("duration", ConfigurationView.duration(delay.duration))])
    }
    if let abort = fault.abort { add("abort", abort.share, [("status", .number(abort.status))]) }
    if let share = fault.resetShare { add("reset", share) }
    if let bandwidth = fault.bandwidth {
      let speed = JSONValue.number(bandwidth.bytesPerSecond)
      add("bandwidth", bandwidth.share, [("bytes_per_second", speed)])
    }
    if !fault.headers.isEmpty {
      members.append(("headers", ConfigurationView.fields(fault.headers)))
    }
    return .object(members)
  }
}
