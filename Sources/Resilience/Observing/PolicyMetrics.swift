#if Metrics
  public import CoreMetrics
  import Primitives

  /// Calls and breakers of one service in swift-metrics, under the words of the proxy's metrics.
  ///
  /// | metric | labels |
  /// |---|---|
  /// | `resilience_calls_total` | `service`, `result`: `success`, `failure`, or what refused it: `circuit_open`, `rate_limited`, `concurrency_limited`, `deadline_exceeded` |
  /// | `resilience_call_duration_seconds` | `service` |
  /// | `resilience_circuit_breaker_transitions_total` | `service`, `to` |
  /// | `resilience_circuit_breaker_state` | `service`, `state`: 1 for the one it is in |
  ///
  /// There with the trait `Metrics`. A value; cost: a look-up in the factory for each of them.
  public struct PolicyMetrics: Sendable {
    private let service: String
    private let factory: any MetricsFactory

    /// - Parameters:
    ///   - service: the label of what is called.
    ///   - factory: nil: the one that the process has bootstrapped.
    public init(service: String, factory: (any MetricsFactory)? = nil) {
      self.service = service
      self.factory = factory ?? MetricsSystem.factory
    }

    /// Counts a change of a breaker; for its `onTransition`.
    public func count(_ transition: CircuitBreaker.Transition) {
      Counter(
        label: "resilience_circuit_breaker_transitions_total",
        dimensions: [("service", service), ("to", transition.to.rawValue)], factory: factory
      ).increment()
      for state in CircuitBreaker.State.allCases {
        Gauge(
          label: "resilience_circuit_breaker_state",
          dimensions: [("service", service), ("state", state.rawValue)], factory: factory
        ).record(state == transition.to ? 1 : 0)
      }
    }

    /// Counts a call that has ended after `took`; `error`: nil where it succeeded.
    public func count(_ error: (any Error)?, took: Duration) {
      Counter(
        label: "resilience_calls_total",
        dimensions: [("service", service), ("result", Self.result(error))], factory: factory
      ).increment()
      Timer(
        label: "resilience_call_duration_seconds", dimensions: [("service", service)],
        factory: factory
      ).recordNanoseconds(took.nanosecondsClamped)
    }

    private static func result(_ error: (any Error)?) -> String {
      switch error {
      case nil: "success"
      case is CircuitBreakerOpen: "circuit_open"
      case is RateLimited: "rate_limited"
      case is ConcurrencyExceeded: "concurrency_limited"
      case is DeadlineExceeded: "deadline_exceeded"
      default: "failure"
      }
    }
  }

  extension ResiliencePolicy {
    /// `run`, counted in `metrics`.
    public func run<Success: Sendable>(
      countedBy metrics: PolicyMetrics, key: String? = nil, priority: RequestPriority = .critical,
      outcome: @escaping @Sendable (Result<Success, any Error>) -> Outcome = Outcome.standard,
      operation: @escaping @Sendable () async throws -> Success
    ) async throws -> Success {
      let clock = ContinuousClock()
      let began = clock.now
      do {
        let success = try await run(
          key: key, priority: priority, outcome: outcome, operation: operation)
        metrics.count(nil, took: clock.now - began)
        return success
      } catch {
        metrics.count(error, took: clock.now - began)
        throw error
      }
    }
  }
#endif
