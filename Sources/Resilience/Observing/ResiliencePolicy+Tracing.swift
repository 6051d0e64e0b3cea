#if Tracing
  public import Tracing

  extension ResiliencePolicy {
    /// `run` as a span of kind client, each attempt one inside it, so that a trace shows what was made
    /// again or twice, and what was refused before any attempt.
    ///
    /// There with the trait `Tracing`. Errors are recorded in the span in which they arise.
    /// - Parameters:
    ///   - name: of the span, such as `GET /fhir/MedicationRequest`; attempts have ` attempt` behind it.
    ///   - tracer: nil: the one that the process has bootstrapped.
    ///   - operation: the call; the span of its attempt is the current one.
    public func run<Success: Sendable>(
      tracedAs name: String, by tracer: (any Tracer)? = nil, key: String? = nil,
      priority: RequestPriority = .critical,
      outcome: @escaping @Sendable (Result<Success, any Error>) -> Outcome = Outcome.standard,
      operation: @escaping @Sendable () async throws -> Success
    ) async throws -> Success {
      let tracer = tracer ?? InstrumentationSystem.tracer
      return try await tracer.withAnySpan(name, ofKind: .client) { _ in
        try await run(key: key, priority: priority, outcome: outcome) {
          try await tracer.withAnySpan("\(name) attempt", ofKind: .client) { _ in
            try await operation()
          }
        }
      }
    }
  }
#endif
