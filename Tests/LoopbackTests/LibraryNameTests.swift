import Foundation
import Resilience
import Testing

@testable import ProxyConfiguration

/// The library says what the configuration says: each key of a policy is a property of that name.
struct LibraryNameTests {
  private func keys(of section: String) throws -> Set<String> {
    let page = try String(
      contentsOfFile: "\(ExampleTests.root)/docs/configuration.md", encoding: .utf8)
    return Set(
      page.matches(of: /(?m)^\| `([^`]+)` \|/).compactMap { match -> String? in
        guard match.1.hasPrefix(section + ".") else { return nil }
        let name = match.1.dropFirst(section.count + 1)
        return name.contains(".") ? nil : String(name)
      })
  }

  /// Properties by their keys; the compiler knows that they are there. `others`: what a route or an
  /// upstream has beside the machine, or a property's alternative.
  @Test func policiesHaveTheKeysOfTheConfiguration() throws {
    let breaker: [String: PartialKeyPath<CircuitBreakerPolicy>] = [
      "failure_rate": \.failureRate, "slow_call": \.slowCall, "slow_call_rate": \.slowCallRate,
      "window": \.window, "minimum_calls": \.minimumCalls,
      "consecutive_failures": \.consecutiveFailures, "open_for": \.openFor,
      "open_for_max": \.openForMax, "half_open_calls": \.halfOpenCalls, "recovery": \.recovery,
      "mode": \.mode,
    ]
    try check("upstreams.<name>.circuit_breaker", breaker, others: ["window_calls", "failures"])
    let concurrency: [String: PartialKeyPath<ConcurrencyPolicy>] = [
      "minimum": \.minimum, "maximum": \.maximum, "buffer": \.buffer, "interval": \.interval,
    ]
    try check("upstreams.<name>.adaptive_concurrency", concurrency, others: ["mode"])
    let hedge: [String: PartialKeyPath<HedgePolicy>] = [
      "percentile": \.percentile, "minimum_delay": \.minimumDelay, "budget": \.budget,
    ]
    try check("listeners[].routes[].hedge", hedge)
    let retry: [String: PartialKeyPath<RetryPolicy>] = [
      "attempts": \.attempts, "backoff": \.backoff, "retry_after_max": \.retryAfterMax,
    ]
    try check(
      "listeners[].routes[].retry", retry,
      others: ["on", "per_try_timeout", "non_idempotent", "idempotency_key", "body_buffer"])
    let backoff: [String: PartialKeyPath<Backoff>] = ["base": \.base, "max": \.max]
    try check("listeners[].routes[].retry.backoff", backoff)
    let budget: [String: PartialKeyPath<RetryBudget>] = ["ratio": \.ratio, "minimum": \.minimum]
    try check("upstreams.<name>.retry_budget", budget)
    let rate: [String: PartialKeyPath<RateLimitPolicy>] = [
      "requests": \.requests, "per": \.period, "burst": \.burst,
    ]
    try check(
      "listeners[].routes[].rate_limit[]", rate, others: ["by", "header", "keys", "mode"])
  }

  private func check<Policy>(
    _ section: String, _ properties: [String: PartialKeyPath<Policy>], others: Set<String> = []
  ) throws {
    let keys = try keys(of: section)
    #expect(!keys.isEmpty && keys == Set(properties.keys).union(others), "\(section)")
  }

  /// The values of `mode` are the library's.
  @Test func modesHaveTheSameNames() {
    for (name, mode) in BreakerReader.modes { #expect("\(mode)" == name) }
  }
}
