import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Resilience

/// async-http-client under one policy.
struct ResilientHTTPClient: Sendable {
  /// The service answered with a status that another attempt may mend.
  struct Unwell: Error {
    let status: UInt
    let retryAfter: Duration?
  }

  let client: HTTPClient
  let policy: ResiliencePolicy
  let metrics: PolicyMetrics

  init(client: HTTPClient, breaker: CircuitBreaker, metrics: PolicyMetrics) {
    self.client = client
    self.metrics = metrics
    policy = ResiliencePolicy(
      deadline: .seconds(5),
      inPlace: InPlacePolicy(
        breaker: breaker,
        retry: Retry(
          policy: RetryPolicy(attempts: 3, backoff: Backoff(base: .milliseconds(1))),
          budget: RetryBudget()),
        isRetriable: { $0 is Unwell || $0 is HTTPClientError },
        retryAfter: { ($0 as? Unwell)?.retryAfter }),
      hedge: Hedge(), attemptDeadline: .seconds(1))
  }

  /// Reading twice is harmless.
  func get(_ url: String) async throws -> String {
    try await policy.run(countedBy: metrics) { try await send(HTTPClientRequest(url: url)) }
  }

  /// Writing twice is not: one attempt, under the same breaker.
  func post(_ url: String, _ body: String) async throws -> String {
    try await policy.once.run(countedBy: metrics) {
      var request = HTTPClientRequest(url: url)
      request.method = .POST
      request.body = .bytes(ByteBuffer(string: body))
      return try await send(request)
    }
  }

  /// An answer of 500 and above is an error to the policies; the rest is the caller's.
  private func send(_ request: HTTPClientRequest) async throws -> String {
    let response = try await client.execute(request, timeout: .seconds(10))
    guard response.status.code < 500 else {
      let seconds = response.headers.first(name: "retry-after").flatMap { Int($0) }
      throw Unwell(status: response.status.code, retryAfter: seconds.map { .seconds($0) })
    }
    return String(buffer: try await response.body.collect(upTo: 1 << 20))
  }
}
