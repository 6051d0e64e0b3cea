import Primitives

/// Reads what a route does about failure, load and trust.
extension RouteReader {
  func retry(_ route: Section, _ checker: inout SchemaChecker) -> RetrySettings? {
    guard route.has("retry") else { return nil }
    let retry = route.section("retry")
    let backoff = retry.section("backoff")
    let base = backoff.duration("base") ?? .zero
    let most = backoff.duration("max") ?? .zero
    checker.hold(base <= most, backoff, "base", "backoff.base is longer than backoff.max")
    return RetrySettings(
      attempts: retry.integer("attempts") ?? 1,
      conditions: retry.texts("on").compactMap(Self.condition),
      perTryTimeout: retry.duration("per_try_timeout"), backoffBase: base, backoffMax: most,
      retriesNonIdempotent: retry.boolean("non_idempotent"),
      honoursIdempotencyKey: retry.text("idempotency_key") == "honoured",
      bodyBytesMax: retry.quantity("body_buffer") ?? 0,
      retryAfterMax: retry.duration("retry_after_max") ?? .zero)
  }

  private static func condition(_ text: String) -> RetrySettings.Condition? {
    RetrySettings.Condition.Name(rawValue: text).map { .named($0) }
      ?? Scalars.integer(text).map { .status($0) }
  }

  func hedge(_ route: Section) -> HedgeSettings? {
    guard route.has("hedge") else { return nil }
    let hedge = route.section("hedge")
    return HedgeSettings(
      percentile: hedge.share("percentile") ?? .zero,
      delayMin: hedge.duration("minimum_delay") ?? .zero, budget: hedge.share("budget") ?? .zero)
  }

  func rateLimits(_ route: Section, _ checker: inout SchemaChecker) -> [RateLimitSettings] {
    route.list("rate_limit").compactMap { item in
      guard case .section(let limit) = item.value, let requests = limit.integer("requests") else {
        return nil
      }
      let key = rateLimitKey(limit, &checker)
      return RateLimitSettings(
        requests: requests, period: limit.duration("per") ?? .zero,
        burst: limit.integer("burst") ?? requests, key: key, keysMax: limit.integer("keys") ?? 0,
        mode: PolicyMode(limit))
    }
  }

  private func rateLimitKey(
    _ limit: Section, _ checker: inout SchemaChecker
  ) -> RateLimitSettings.Key {
    let by = limit.text("by") ?? "route"
    guard by == "header" else {
      checker.hold(
        !limit.has("header"), limit, "header", "header is for by: header; remove it or write that")
      return by == "source" ? .source : .route
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

  func fault(_ route: Section, _ checker: inout SchemaChecker) -> FaultSettings? {
    guard route.has("fault") else { return nil }
    let fault = route.section("fault")
    checker.hold(
      ["delay", "abort", "reset", "bandwidth"].contains(where: fault.has), route, "fault",
      "fault does nothing; give it delay, abort, reset or bandwidth")
    let delay = fault.section("delay")
    let abort = fault.section("abort")
    let bandwidth = fault.section("bandwidth")
    return FaultSettings(
      delay: delay.share("share").map {
        .init(share: $0, duration: delay.duration("duration") ?? .zero)
      },
      abort: abort.share("share").map {
        .init(share: $0, status: abort.integer("status") ?? 503)
      },
      resetShare: fault.section("reset").share("share"),
      bandwidth: bandwidth.integer("bytes_per_second").map {
        .init(share: bandwidth.share("share") ?? .all, bytesPerSecond: $0)
      },
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
