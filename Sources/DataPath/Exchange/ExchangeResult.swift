import Primitives

/// How an exchange goes: the status that its client is told, and what failed, if anything did.
///
/// Invariant: `failure` is the first one; what follows from it is none of its own.
struct ExchangeResult {
  /// 0: none is known.
  private(set) var status: UInt16 = 0
  private(set) var failure: FailureKind?

  /// The head of a final answer of the endpoint's stands, or one of ours is to be sent.
  mutating func answers(_ status: UInt16) { self.status = status }

  /// The attempt is over without an answer that could be passed on; another may follow.
  mutating func attemptFailed() { status = 0 }

  /// True: nothing had failed before.
  @discardableResult
  mutating func fails(as kind: FailureKind) -> Bool {
    guard failure == nil else { return false }
    failure = kind
    return true
  }
}
