import Primitives
import Resilience

/// Reads what a route does about failure, load and trust.
extension RouteReader {
  func retry(_ route: Section, _ checker: inout SchemaChecker) -> RetryPolicy? {
    guard route.has("retry") else { return nil }
    let retry = route.section("retry")
    let backoff = retry.section("backoff")
    let base = backoff.duration("base") ?? .zero
    let most = backoff.duration("max") ?? .zero
    checker.hold(base <= most, backoff, "base", "backoff.base is longer than backoff.max")
    return RetryPolicy(
      attempts: retry.integer("attempts") ?? 1,
      conditions: RetryConditions(retry.texts("on").compactMap { RetryCondition(name: $0) }),
      perTryTimeout: retry.duration("per_try_timeout"), backoff: Backoff(base: base, max: most),
      retryAfterMax: retry.duration("retry_after_max") ?? .zero,
      isNonIdempotentAllowed: retry.boolean("non_idempotent"),
      isIdempotencyKeyHonoured: retry.text("idempotency_key") == "honoured",
      bodyBytesMax: retry.quantity("body_buffer") ?? 0)
  }

  func hedge(_ route: Section) -> HedgePolicy? {
    guard route.has("hedge") else { return nil }
    let hedge = route.section("hedge")
    return HedgePolicy(
      percentile: hedge.share("percentile") ?? .zero,
      minimumDelay: hedge.duration("minimum_delay") ?? .zero, budget: hedge.share("budget") ?? .zero
    )
  }

  func rateLimits(_ route: Section, _ checker: inout SchemaChecker) -> [RateLimitConfiguration] {
    route.list("rate_limit").compactMap { item in
      guard case .section(let limit) = item.value, let requests = limit.integer("requests") else {
        return nil
      }
      let key = rateLimitKey(limit, &checker)
      return RateLimitConfiguration(
        policy: RateLimitPolicy(
          requests: requests, per: limit.duration("per") ?? .zero, burst: limit.integer("burst")),
        key: key, keysMax: limit.integer("keys") ?? 0, mode: PolicyMode(limit))
    }
  }

  private func rateLimitKey(
    _ limit: Section, _ checker: inout SchemaChecker
  ) -> RateLimitConfiguration.Key {
    let by = limit.text("by") ?? "route"
    guard by == "header" else {
      checker.hold(
        !limit.has("header"), limit, "header", "header is for by: header; remove it or write that")
      switch by {
      case "source": return .source
      case "identity": return .identity
      default: return .route
      }
    }
    guard let name = limit.text("header") else {
      checker.report(limit.mark("by"), "by: header needs header, the field's name")
      return .route
    }
    checker.hold(
      FieldChecker.isToken(name), limit, "header",
      "\"\(name)\" is not a field name; it may hold no space or colon")
    return .header(name.lowercased())
  }

  func fallback(
    _ route: Section, _ action: RouteConfiguration.Action, _ checker: inout SchemaChecker
  ) -> FallbackSettings? {
    guard route.has("fallback") else { return nil }
    let fallback = route.section("fallback")
    guard fallback.has("upstream") != fallback.has("respond") else {
      checker.report(
        fallback.mark,
        fallback.has("upstream")
          ? "fallback has upstream and respond; keep one"
          : "fallback needs one of upstream and respond")
      return nil
    }
    guard let name = fallback.text("upstream") else {
      guard
        case .respond(let status, let body, let contentType)? = respond(
          fallback.section("respond"), &checker)
      else { return nil }
      return .respond(status: status, body: body, contentType: contentType)
    }
    guard exists(name, fallback.mark("upstream"), &checker) else { return nil }
    checker.hold(
      !action.upstreams.contains(name), fallback, "upstream",
      "the route leads to \(name) already, so it cannot stand in; name another upstream")
    return .upstream(name)
  }

  func fault(_ route: Section, _ checker: inout SchemaChecker) -> FaultConfiguration? {
    guard route.has("fault") else { return nil }
    let fault = route.section("fault")
    checker.hold(
      ["delay", "abort", "reset", "bandwidth"].contains(where: fault.has), route, "fault",
      "fault does nothing; give it delay, abort, reset or bandwidth")
    let delay = fault.section("delay")
    let abort = fault.section("abort")
    let bandwidth = fault.section("bandwidth")
    return FaultConfiguration(
      plan: FaultPlan(
        delay: delay.duration("duration") ?? .zero, delayShare: delay.share("share") ?? .zero,
        abortStatus: UInt16(abort.integer("status") ?? 503),
        abortShare: abort.share("share") ?? .zero,
        resetShare: fault.section("reset").share("share") ?? .zero,
        bytesPerSecond: UInt64(bandwidth.integer("bytes_per_second") ?? 1),
        bandwidthShare: fault.has("bandwidth") ? bandwidth.share("share") ?? .all : .zero),
      headers: fields(fault, "headers", mayBeAny: true, &checker).map {
        .init(name: $0.name.lowercased(), value: $0.value)
      })
  }

  /// What only a call of an upstream can have.
  func checkUse(
    of section: Section, _ route: RouteConfiguration, _ checker: inout SchemaChecker
  ) {
    guard route.upstreams.isEmpty else { return }
    for key in ["retry", "hedge", "circuit_breaker", "fallback", "subset"] {
      checker.hold(
        !section.has(key), section, key, "\(key) needs upstream or split beside it; remove it")
    }
  }
}
