import Primitives

/// The questions that need neither time nor budget.
extension RetryPolicy {
  @usableFromInline
  package func refusal(of evidence: RetryEvidence, attemptsMade: Int, isBreakerOpen: Bool)
    -> RetryRefusal?
  {
    if evidence.responseHasBegun { return .responseBegun }
    if !isWanted(evidence) { return .conditionUnmet }
    if evidence.attemptAbove >= 2 { return .retriedAbove }
    if evidence.isRetriedBelow { return .retriedBelow }
    if evidence.isBoundByLogin { return .connectionLogin }
    if !isSafe(evidence) { return .notSafe }
    if !evidence.isBodyReplayable { return .bodyOutgrewBuffer }
    if attemptsMade >= attempts { return .attemptsSpent }
    return isBreakerOpen ? .breakerOpen : nil
  }

  /// Whether a condition names how it ended.
  @usableFromInline
  package func isWanted(_ evidence: RetryEvidence) -> Bool {
    let endings = conditions.endings
    switch evidence.ending {
    case .answer(let status, let grpcStatus):
      return conditions.matchesAnswer(status: status, grpcStatus: grpcStatus)
    case .refusedStream: return endings.contains(.refusedStream)
    case .perTryTimeout: return endings.contains(.perTryTimeout)
    case .failure(let kind):
      guard kind.row.side == .upstream || kind.row.retry != .never else { return false }
      if kind.row.stage == .connect, endings.contains(.connectFailure) { return true }
      if endings.contains(.resetBeforeRequest), evidence.bytesWritten == 0 { return true }
      return endings.contains(.reset)
    }
  }

  /// Rule 6 of ARCHITECTURE.md: it was provably not processed, or doing it twice is harmless.
  @usableFromInline
  package func isSafe(_ evidence: RetryEvidence) -> Bool {
    let isRepeatable =
      evidence.isIdempotent || isNonIdempotentAllowed
      || (isIdempotencyKeyHonoured && evidence.hasIdempotencyKey)
    switch evidence.ending {
    case .refusedStream: return true
    case .answer, .perTryTimeout: return isRepeatable || evidence.bytesWritten == 0
    case .failure(let kind):
      return RetrySafety.maySendAgain(
        RetrySafety.Evidence(
          failure: kind, isIdempotent: isRepeatable, bytesWritten: evidence.bytesWritten,
          responseHasBegun: evidence.responseHasBegun))
    }
  }
}
