/// Whether a request is within its rate, and what the client may be told.
///
/// `remaining`: requests that would be admitted now. `resetSeconds`: until the bucket is full again,
/// rounded up. `retryAfterNanoseconds`: until one request would be admitted.
@usableFromInline package enum RateLimitVerdict: Sendable, Hashable {
  case admitted(remaining: Int, resetSeconds: Int)
  case limited(retryAfterNanoseconds: Int64, resetSeconds: Int)

  @inlinable
  package var isAdmitted: Bool {
    if case .admitted = self { true } else { false }
  }

  /// For `Retry-After`, whose unit is the second: rounded up, so that who obeys is admitted.
  @inlinable
  package var retryAfterSeconds: Int {
    guard case .limited(let nanoseconds, _) = self else { return 0 }
    return Int((nanoseconds + 999_999_999) / 1_000_000_000)
  }
}
