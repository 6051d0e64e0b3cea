import AsyncHTTPClient
import InMemoryTracing
import MetricsTestKit
import NIOCore
import NIOHTTP1
import Resilience

/// async-http-client against a service that fails: what is mended, what is refused, what is counted.
struct HTTPShow {
  func run() async throws {
    let client = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup)
    let service = try await HTTPService(on: HTTPClient.defaultEventLoopGroup)
    do {
      try await calls(client, service)
      try await traces(client, service)
    } catch {
      try? await service.close()
      try? await client.shutdown()
      throw error
    }
    try await service.close()
    try await client.shutdown()
  }

  private func calls(_ client: HTTPClient, _ service: HTTPService) async throws {
    let figures = TestMetrics()
    let metrics = PolicyMetrics(service: "prescription", factory: figures)
    let breaker = CircuitBreaker(
      name: "prescription", policy: CircuitBreakerPolicy(consecutiveFailures: 2),
      onTransition: metrics.count)
    let resilient = ResilientHTTPClient(client: client, breaker: breaker, metrics: metrics)
    let url = "http://127.0.0.1:\(service.port)/fhir/MedicationRequest/rx-1"
    try promise(try await resilient.get(url) == "prescription", "a call is answered")

    service.fail(2)
    try promise(try await resilient.get(url) == "prescription", "two failures are mended")
    try promise(service.requests == 4, "by two more attempts")
    print("  a read was answered at its third attempt")

    service.fail(1)
    let answer = try? await resilient.post(url, "{}")
    try promise(answer == nil && service.requests == 5, "a write is attempted once")
    print("  a write was attempted once")

    service.fail(.max)
    _ = try? await resilient.post(url, "{}")
    let before = service.requests
    do {
      _ = try await resilient.get(url)
      throw PromiseBroken(promise: "an open breaker refuses")
    } catch let refusal as CircuitBreakerOpen {
      print("  \(refusal)")
    }
    try promise(service.requests == before, "a refused call reaches nobody")
    service.fail(0)
    try check(figures)
  }

  private func check(_ figures: TestMetrics) throws {
    func calls(_ result: String) throws -> Int64 {
      figures.counterTotal(
        label: "resilience_calls_total",
        dimensions: [("service", "prescription"), ("result", result)])
    }
    let counts = try (calls("success"), calls("failure"), calls("circuit_open"))
    try promise(counts == (2, 2, 1), "swift-metrics counts calls by what came of them: \(counts)")
    let openings = figures.counterTotal(
      label: "resilience_circuit_breaker_transitions_total",
      dimensions: [("service", "prescription"), ("to", "open")])
    try promise(openings == 1, "it counts the breaker's opening")
    print("  metrics: \(counts.0) answered, \(counts.1) failed, \(counts.2) refused")
  }

  private func traces(_ client: HTTPClient, _ service: HTTPService) async throws {
    let tracer = InMemoryTracer()
    let policy = ResiliencePolicy(
      inPlace: InPlacePolicy(
        retry: Retry(policy: RetryPolicy(attempts: 3, backoff: Backoff(base: .milliseconds(1)))),
        isRetriable: { $0 is ResilientHTTPClient.Unwell }))
    service.fail(1)
    let url = "http://127.0.0.1:\(service.port)/"
    _ = try await policy.run(tracedAs: "GET prescription", by: tracer) {
      let response = try await client.execute(HTTPClientRequest(url: url), timeout: .seconds(5))
      if response.status.code >= 500 {
        throw ResilientHTTPClient.Unwell(status: response.status.code, retryAfter: nil)
      }
      return response.status.code
    }
    let spans = tracer.finishedSpans
    let call = spans.filter { $0.operationName == "GET prescription" }
    let attempts = spans.filter { $0.operationName == "GET prescription attempt" }
    try promise(call.count == 1 && attempts.count == 2, "a call is a span, each attempt one in it")
    try promise(
      attempts.allSatisfy { $0.parentSpanID == call[0].spanID }, "attempts stand in their call")
    try promise(attempts.count { !$0.errors.isEmpty } == 1, "an error stands where it arose")
    print("  traces: one call, \(attempts.count) attempts, the first of which failed")
  }
}
