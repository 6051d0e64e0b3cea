import Primitives

/// When, how often and after how long an attempt is made again.
///
/// Nothing is retried unless `conditions` names something (Envoy and Linkerd retry nothing by
/// default; Istio's default of two retries is why its users see load they did not send).
/// Units: durations; held inside as nanoseconds. Cost: 128 bytes, copied with the route.
public struct RetryPolicy: Sendable, Hashable {
  /// Tries in total, the first included: 1...10. Default 2: one retry, Istio's and Envoy's second
  /// try; each further one multiplies the load of an outage and rarely helps.
  public var attempts: Int { Int(attemptsMax) }
  /// What asks the proxy for a retry. Default: nothing.
  package var conditions: RetryConditions
  /// How long one attempt may take until its answer's head; nil: as long as the request may
  /// (Envoy's default).
  package var perTryTimeout: Duration? {
    perTryNanoseconds == .max ? nil : .nanoseconds(perTryNanoseconds)
  }
  /// How long to wait before each.
  public var backoff: Backoff
  /// The longest `Retry-After` that is waited for; a longer one gives up at once. Default 15 s, the
  /// default timeout of a request here and in Envoy: a longer wait could not be of use, and holds
  /// the request's memory. Envoy's own cap, for requests without one, is 300 s.
  public var retryAfterMax: Duration { .nanoseconds(retryAfterMaxNanoseconds) }
  /// Retries also what is not idempotent by its method (RFC 9110 §9.2.2), processed or not. The
  /// route's owner says that doing it twice is harmless. Default false; Traefik's
  /// `RetryNonIdempotentMethod`.
  package var isNonIdempotentAllowed: Bool
  /// The service honours `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): requests
  /// that carry one count as idempotent. Default false.
  package var isIdempotencyKeyHonoured: Bool
  /// How much of a request's body is kept to be sent again. Default 64 KiB (Linkerd).
  package var bodyBytesMax: Int

  @usableFromInline var attemptsMax: UInt8
  @usableFromInline package var perTryNanoseconds: Int64
  @usableFromInline package var retryAfterMaxNanoseconds: Int64

  /// The policy of a service's calls, for ``Retry``. `attempts` is held within 1...10,
  /// `retryAfterMax` at zero or above.
  public init(
    attempts: Int = 2, backoff: Backoff = Backoff(), retryAfterMax: Duration = .seconds(15)
  ) {
    self.init(
      attempts: attempts, conditions: [], backoff: backoff, retryAfterMax: retryAfterMax)
  }

  /// The policy of a route. `attempts` is held within 1...10.
  package init(
    attempts: Int = 2, conditions: RetryConditions, perTryTimeout: Duration? = nil,
    backoff: Backoff = Backoff(), retryAfterMax: Duration = .seconds(15),
    isNonIdempotentAllowed: Bool = false, isIdempotencyKeyHonoured: Bool = false,
    bodyBytesMax: Int = 65_536
  ) {
    self.attemptsMax = UInt8(min(max(attempts, 1), 10))
    self.conditions = conditions
    self.perTryNanoseconds = perTryTimeout.map { max(1, $0.nanosecondsClamped) } ?? .max
    self.backoff = backoff
    self.retryAfterMaxNanoseconds = max(0, retryAfterMax.nanosecondsClamped)
    self.isNonIdempotentAllowed = isNonIdempotentAllowed
    self.isIdempotencyKeyHonoured = isIdempotencyKeyHonoured
    self.bodyBytesMax = max(0, bodyBytesMax)
  }

  /// Whether any ending at all is retried, so that a body is worth keeping.
  @usableFromInline package var isRetrying: Bool { attemptsMax > 1 && !conditions.isEmpty }
}
