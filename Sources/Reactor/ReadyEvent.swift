/// One event of a wait: which registration it belongs to, and what happened.
public struct ReadyEvent: Sendable {
  /// Registration number in the high half, slot in the low one: an event of a closed descriptor
  /// can't reach its successor.
  package var token: UInt64
  package var readiness: Readiness

  package init(token: UInt64, readiness: Readiness) {
    self.token = token
    self.readiness = readiness
  }
}
