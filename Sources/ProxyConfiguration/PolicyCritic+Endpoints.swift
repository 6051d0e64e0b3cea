import Primitives
import Resilience

/// Upstreams: endpoints and detectors that cannot do what was meant.
extension PolicyCritic {
  mutating func judgeUse(_ entry: Upstream, isCalled: Bool) {
    guard !isCalled, !isFallback(entry.upstream.name), !isTunnelled(entry.upstream.name) else {
      return
    }
    warn(
      at: entry.section.mark,
      "no route leads to \(entry.upstream.name); give one upstream: \(entry.upstream.name), or "
        + "remove it")
  }

  mutating func judgeEndpoints(_ entry: Upstream) {
    var seen: Set<String> = []
    for (endpoint, located) in zip(entry.upstream.endpoints, entry.section.list("endpoints")) {
      // Two ways to write one address are one endpoint.
      let address = SocketAddress(endpoint.address)?.description ?? endpoint.address.lowercased()
      guard !seen.insert(address).inserted else { continue }
      warn(
        at: located.mark,
        "the endpoint \(endpoint.address) stands twice in \(entry.upstream.name), which makes it "
          + "one; remove one, and write weight: 2 where it shall have twice the share")
    }
  }

  /// How many endpoints it has; nil: names may stand for any number.
  private static func count(_ upstream: UpstreamConfiguration) -> Int? {
    let addresses = upstream.endpoints.compactMap { SocketAddress($0.address) }
    guard addresses.count == upstream.endpoints.count, !addresses.isEmpty else { return nil }
    return Set(addresses).count
  }

  mutating func judgeDetector(_ entry: Upstream) {
    guard let settings = entry.upstream.outlierDetection,
      let count = Self.count(entry.upstream)
    else { return }
    let name = entry.upstream.name
    guard count > 1 else {
      return warn(
        entry.section, "outlier_detection",
        "\(name) has one endpoint, and the last healthy one is never ejected: this does "
          + "nothing; a circuit_breaker refuses while it fails")
    }
    let section = entry.section.section("outlier_detection")
    let most = Int(settings.maxEjected.basisPoints) * count
    if section.has("max_ejected"), most < 10_000 {
      let percent = (100 + count - 1) / count
      warn(
        section, "max_ejected",
        "\(Scalars.text(basisPoints: Int(settings.maxEjected.basisPoints))) of \(name)'s \(count) "
          + "endpoints is less than one; write at least \(percent)%")
    }
    if section.has("success_rate"), let rule = settings.successRate {
      // One of n is at most √(n - 1) deviations from the mean, whatever it does.
      let square = Int(rule.deviations * rule.deviations)
      judgeComparison("success_rate", max(rule.minimumEndpoints, square + 2), count, name, section)
    }
    if let rule = settings.failurePercentage {
      judgeComparison("failure_percentage", rule.minimumEndpoints, count, name, section)
    }
    if let rule = settings.latency {
      judgeComparison("latency", rule.minimumEndpoints, count, name, section)
    }
  }

  private mutating func judgeComparison(
    _ key: String, _ least: Int, _ count: Int, _ name: String, _ section: Section
  ) {
    guard count < least else { return }
    warn(
      section, key,
      "\(key) needs \(least) endpoints to tell that one is unlike the others, and \(name) has "
        + "\(count): it does nothing; remove it")
  }
}
