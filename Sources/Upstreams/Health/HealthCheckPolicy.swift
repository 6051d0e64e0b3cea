import Primitives

/// How often an endpoint is checked, and how many results in a row change what is thought of it.
package struct HealthCheckPolicy: Sendable, Equatable {
  /// From one result to the next check. Default 10 s: HashiCorp's example interval and Kubernetes'
  /// `periodSeconds`.
  package var interval: Duration
  /// What is added to the interval at random, at most, so that checks of many proxies do not come
  /// together. Default 15 %: the jitter that Envoy gives its adaptive concurrency's probes; its
  /// health checks have none unless told.
  package var jitter: Share
  /// Default 3 s: Linux sends a lost SYN again after 1 s, so that Kubernetes' `timeoutSeconds` of 1
  /// would take one lost packet for an ill endpoint.
  package var timeout: Duration
  /// Successes in a row until an unhealthy endpoint is healthy. Default 2: HAProxy's `rise`.
  package var healthy: Int
  /// Failures in a row until a healthy endpoint is unhealthy. Default 3: HAProxy's `fall`.
  package var unhealthy: Int

  package init(
    interval: Duration = .seconds(10), jitter: Share = .percent(15),
    timeout: Duration = .seconds(3), healthy: Int = 2,
    unhealthy: Int = 3
  ) {
    self.interval = interval
    self.jitter = jitter
    self.timeout = timeout
    self.healthy = max(healthy, 1)
    self.unhealthy = max(unhealthy, 1)
  }
}
