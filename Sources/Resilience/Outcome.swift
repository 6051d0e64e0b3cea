/// How a call went, as far as a policy counts it.
///
/// The breaker and the adaptive limit go by it: failures open the one and, where they were slow, shrink
/// the other; what is ignored moves neither.
public enum Outcome: Sendable, Hashable {
  /// The service did what was asked.
  case success
  /// It did not, and is to blame.
  case failure
  /// Neither: the caller left, the service said "not now" (429), or it was refused on our side.
  case ignored

  /// What `run` takes a result for unless it is told otherwise: a value is a success and an error a
  /// failure, but for the refusals of this library (`CircuitBreakerOpen`, `RateLimited`,
  /// `ConcurrencyExceeded`), which say nothing of the service: they are ignored.
  public static func standard<Success>(_ result: Result<Success, any Error>) -> Outcome {
    guard case .failure(let error) = result else { return .success }
    let isRefusal =
      error is CircuitBreakerOpen || error is RateLimited || error is ConcurrencyExceeded
    return isRefusal ? .ignored : .failure
  }

  /// A call that was cancelled failed if its deadline was over, and is ignored if its caller left;
  /// of all others `judge` decides.
  static func of<Success>(
    _ result: Result<Success, any Error>, _ judge: (Result<Success, any Error>) -> Outcome
  ) -> Outcome {
    guard case .failure(let error) = result, error is CancellationError || Task.isCancelled else {
      return judge(result)
    }
    return DeadlineScope.isOver ? .failure : .ignored
  }
}
