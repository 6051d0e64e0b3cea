import GRPCCore
import Resilience

/// The policies of one service around every call of a grpc-swift client.
///
/// `next` belongs to the call and may not leave its task: what begins no task runs it where it stands.
/// A deadline and retries of its own gRPC has already.
struct ResilienceInterceptor: ClientInterceptor {
  let policy: InPlacePolicy

  func intercept<Input: Sendable, Output: Sendable>(
    request: StreamingClientRequest<Input>, context: ClientContext,
    next: (StreamingClientRequest<Input>, ClientContext) async throws
      -> StreamingClientResponse<Output>
  ) async throws -> StreamingClientResponse<Output> {
    do {
      return try await policy.once.run(outcome: Self.outcome) { _ in
        try await next(request, context)
      }
    } catch let refusal as CircuitBreakerOpen {
      // As a server that is not there would be told.
      throw RPCError(code: .unavailable, message: "\(refusal)")
    }
  }

  /// A call that the service took or refused for the caller's sake is none of its failures; how a stream
  /// ends that has begun is not asked.
  private static func outcome<Output>(
    _ result: Result<StreamingClientResponse<Output>, any Error>
  ) -> Outcome {
    guard case .success(let response) = result else { return .standard(result) }
    guard case .failure(let error) = response.accepted else { return .success }
    switch error.code {
    case .unknown, .deadlineExceeded, .internalError, .unavailable, .dataLoss: return .failure
    case .resourceExhausted, .cancelled: return .ignored
    default: return .success
    }
  }
}
