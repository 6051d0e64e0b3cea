import Primitives

/// What is known of an attempt that ended, and of the request that it was made for.
///
/// Cost: about 40 bytes, no references.
@usableFromInline package struct RetryEvidence: Sendable {
  /// How the attempt ended.
  @usableFromInline package enum Ending: Sendable, Hashable {
    case failure(FailureKind)
    /// The head of an answer is here and none of it was passed on. `grpcStatus` is that of a head
    /// alone (gRPC: Trailers-Only).
    case answer(status: UInt16, grpcStatus: UInt8?)
    /// The attempt's own time was up before an answer.
    case perTryTimeout
    /// REFUSED_STREAM, or a stream above GOAWAY's last id: not processed (RFC 9113 §6.8, §8.7).
    case refusedStream
  }

  @usableFromInline package var ending: Ending
  /// By its method (RFC 9110 §9.2.2).
  @usableFromInline package var isIdempotent: Bool
  /// It carries an `Idempotency-Key`.
  @usableFromInline package var hasIdempotencyKey: Bool
  /// Bytes of this attempt that were given to the kernel.
  @usableFromInline package var bytesWritten: UInt64
  /// All of the body that went out is still here.
  @usableFromInline package var isBodyReplayable: Bool
  /// Some of the answer was passed to the client.
  @usableFromInline package var responseHasBegun: Bool
  /// The answer's `Retry-After`.
  @usableFromInline package var retryAfterNanoseconds: Int64?
  /// The answer carries the hint that it was retried below.
  @usableFromInline package var isRetriedBelow: Bool
  /// The attempt count that a trusted proxy sent along; 1 for its first, and where there is none.
  @usableFromInline package var attemptAbove: Int

  /// It belongs to a login of its connection, which no other connection has (NTLM, Negotiate).
  @usableFromInline package var isBoundByLogin: Bool

  @inlinable
  package init(
    ending: Ending, isIdempotent: Bool, hasIdempotencyKey: Bool = false, bytesWritten: UInt64,
    isBodyReplayable: Bool = true, responseHasBegun: Bool = false,
    retryAfterNanoseconds: Int64? = nil, isRetriedBelow: Bool = false, attemptAbove: Int = 1,
    isBoundByLogin: Bool = false
  ) {
    self.ending = ending
    self.isIdempotent = isIdempotent
    self.hasIdempotencyKey = hasIdempotencyKey
    self.bytesWritten = bytesWritten
    self.isBodyReplayable = isBodyReplayable
    self.responseHasBegun = responseHasBegun
    self.retryAfterNanoseconds = retryAfterNanoseconds
    self.isRetriedBelow = isRetriedBelow
    self.attemptAbove = attemptAbove
    self.isBoundByLogin = isBoundByLogin
  }
}
