import Primitives
import Resilience

/// Routes: tries and timeouts.
extension PolicyCritic {
  /// So many tries of one request are a storm where no budget stops them.
  private static let triesMax = 4
  /// A budget that lets half of the load again through stops none.
  private static let budgetMax = Share.percent(50)
  /// Methods that are not idempotent (RFC 9110 §9.2.2); others are taken for such as well, so only
  /// these are sure.
  private static let unrepeatable: Set<String> = ["POST", "PATCH", "CONNECT"]

  mutating func judge(_ entry: Route) {
    judgeTries(entry)
    judgeRetry(entry)
    judgeTimeouts(entry)
    judgeHedge(entry)
    judgeSubset(entry)
    judgeBreaker(
      entry.route.circuitBreaker?.policy, entry.section, "circuit_breaker", callers: [entry.route],
      breakers: 1)
    judgeHangs(entry.route.circuitBreaker?.policy, entry.section, "circuit_breaker")
  }

  private static func isUnrepeatable(_ route: RouteConfiguration) -> Bool {
    !route.methods.isEmpty && route.methods.allSatisfy(unrepeatable.contains)
  }

  private mutating func judgeTries(_ entry: Route) {
    let attempts = entry.route.retry?.attempts ?? 1
    let retry = entry.section.section("retry")
    let isHedged = entry.route.hedge != nil && !Self.isUnrepeatable(entry.route)
    let tries = attempts * (isHedged ? 2 : 1)
    for target in targets(entry.route) {
      let budget = target.upstream.retryBudget.ratio
      if tries >= Self.triesMax, budget >= Self.budgetMax {
        let key = attempts > 1 ? retry : entry.section
        warn(
          key, attempts > 1 ? "attempts" : "hedge",
          "one request may become \(tries), and the retry budget of \(target.upstream.name) lets "
            + "\(Scalars.text(basisPoints: Int(budget.basisPoints))) more load through while it "
            + "fails; lower attempts, or retry_budget.ratio below 50%")
      }
      guard attempts > 1, let (name, below) = retries(behind: target.upstream) else { continue }
      warn(
        retry, "attempts",
        "\(target.upstream.name) is the listener \(name), which retries too: "
          + "\(attempts) times \(below) are \(attempts * below) attempts of one request; "
          + "retry in one place only")
    }
  }

  /// Retries that never happen.
  private mutating func judgeRetry(_ entry: Route) {
    guard let retry = entry.route.retry, retry.attempts > 1 else { return }
    let section = entry.section.section("retry")
    if retry.perTryTimeout == nil,
      retry.conditions.names.contains(RetryCondition.perTryTimeout.name)
    {
      warn(
        section, "on",
        "per_try_timeout is off, so that per-try-timeout never asks for a retry; set it")
    }
    for target in targets(entry.route) {
      let budget = target.upstream.retryBudget
      guard budget.ratio == .zero, budget.retriesMin == 0 else { continue }
      warn(
        section, "attempts",
        "the retry budget of \(target.upstream.name) is 0% and 0, so that there is never a retry; "
          + "raise retry_budget.minimum, or remove retry")
    }
  }

  private mutating func judgeTimeouts(_ entry: Route) {
    guard let timeout = entry.route.timeout else { return }
    let whole = Scalars.text(timeout)
    if let total = entry.route.totalTimeout, total <= timeout, entry.section.has("timeout") {
      warn(
        entry.section, "total_timeout",
        "the whole exchange may take \(Scalars.text(total)) and its answer's head \(whole): timeout "
          + "never ends a request; lower timeout")
    }
    if let retry = entry.route.retry, let each = retry.perTryTimeout {
      let section = entry.section.section("retry")
      if each >= timeout {
        warn(
          section, "per_try_timeout",
          "an attempt may take \(Scalars.text(each)) and the request \(whole), so that no attempt "
            + "is ended before the request is; lower per_try_timeout, or raise timeout")
      } else if each * retry.attempts > timeout {
        warn(
          section, "per_try_timeout",
          "\(retry.attempts) attempts of \(Scalars.text(each)) do not fit into the timeout of "
            + "\(whole): the last are cut short; lower per_try_timeout or attempts, or raise timeout"
        )
      }
    }
    for target in targets(entry.route)
    where target.upstream.connectTimeout >= timeout
      && target.section.section("timeouts").has("connect")
    {
      warn(
        entry.section, "timeout",
        "connecting to \(target.upstream.name) may take "
          + "\(Scalars.text(target.upstream.connectTimeout)), as long as the whole request "
          + "(\(whole)): no other endpoint is tried in time; lower timeouts.connect")
    }
  }

  private mutating func judgeHedge(_ entry: Route) {
    guard entry.route.hedge != nil, Self.isUnrepeatable(entry.route) else { return }
    warn(
      entry.section, "hedge",
      "the route takes \(entry.route.methods.joined(separator: ", ")) only, and what may act twice is never "
        + "hedged: there will be no second attempt; remove it")
  }

  private mutating func judgeSubset(_ entry: Route) {
    let wanted = entry.route.subset
    guard !wanted.isEmpty else { return }
    for target in targets(entry.route) {
      if has(target.upstream, wanted) { continue }
      let text = wanted.map { "\($0.name): \($0.value)" }.joined(separator: ", ")
      warn(
        entry.section, "subset",
        "no endpoint of \(target.upstream.name) has the metadata \(text): every request fails")
    }
  }
}
