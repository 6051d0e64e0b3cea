import Primitives

/// What a breaker counts as a failure.
///
/// Defaults: every 5xx but 501 and 505, which say that the service does not do this for anybody and
/// nothing of its health (RFC 9110 §15.6.2, §15.6.6); and of gRPC UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE and DATA_LOSS
/// (2, 4, 13, 14, 15), as resilience libraries for gRPC take them. An endpoint that cannot be
/// reached, breaks off or takes too long has failed; what the client did, and what was refused here
/// before any endpoint saw it, says nothing of the service, and neither do 429 and
/// RESOURCE_EXHAUSTED (8): "not now" is an answer. Pure; cost: a few comparisons.
@usableFromInline package struct OutcomeClassifier: Sendable, Equatable {
  @usableFromInline package var statuses: StatusSet
  /// A bit for each code.
  @usableFromInline package var grpcStatuses: UInt32

  package init(
    statuses: StatusSet = StatusSet([500...500, 502...504, 506...599]),
    grpcStatuses: [UInt8] = [2, 4, 13, 14, 15]
  ) {
    self.statuses = statuses
    self.grpcStatuses = grpcStatuses.reduce(0) { $0 | 1 << UInt32($1 & 31) }
  }

  /// `grpcStatus`: of an answer that has one.
  @inlinable
  package func outcome(status: UInt16, grpcStatus: UInt8? = nil) -> Outcome {
    if let grpcStatus, grpcStatus != 0 {
      if grpcStatus < 32, grpcStatuses >> UInt32(grpcStatus) & 1 == 1 { return .failure }
      return grpcStatus == 8 ? .ignored : .success
    }
    if statuses.contains(status) { return .failure }
    return status == 429 ? .ignored : .success
  }

  package func outcome(_ failure: FailureKind) -> Outcome {
    if failure.row.side == .upstream { return .failure }
    return failure == .requestTimeout || failure == .totalTimeout ? .failure : .ignored
  }
}
