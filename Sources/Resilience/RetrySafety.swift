import Primitives

/// Whether a failed attempt may be made again without the risk of acting twice (rule 6 of ARCHITECTURE.md).
///
/// Pure: the evidence goes in, the verdict comes out. Why: a dispense that is sent twice is a
/// patient harmed, so a request goes out again only when it provably was not processed or when
/// repeating it is harmless by its method (RFC 9110 §9.2.2). That no byte was acknowledged is no
/// proof: an endpoint that acts and resets within its delayed acknowledgement (40 ms) never sends
/// one (docs/decisions). Cost: a few comparisons.
package enum RetrySafety {
  /// What is known of the attempt that failed.
  package struct Evidence: Sendable {
    package var failure: FailureKind
    package var isIdempotent: Bool
    /// Bytes of this attempt that were given to the kernel.
    package var bytesWritten: UInt64
    package var responseHasBegun: Bool

    package init(
      failure: FailureKind, isIdempotent: Bool, bytesWritten: UInt64, responseHasBegun: Bool
    ) {
      self.failure = failure
      self.isIdempotent = isIdempotent
      self.bytesWritten = bytesWritten
      self.responseHasBegun = responseHasBegun
    }
  }

  package static func maySendAgain(_ evidence: Evidence) -> Bool {
    if evidence.responseHasBegun { return false }
    switch evidence.failure.row.retry {
    case .never: return false
    case .ifUnsent: return evidence.bytesWritten == 0
    case .ifIdempotent:
      return evidence.bytesWritten == 0 || evidence.isIdempotent
    }
  }
}
