/// The time that was given was up; what ran was cancelled.
public struct DeadlineExceeded: Error, Sendable, Hashable {
  /// What was given to ``withDeadline(_:clock:operation:)``, not what passed.
  public let timeout: Duration

  /// For services that keep deadlines on their own and for tests.
  public init(timeout: Duration) {
    self.timeout = timeout
  }
}

extension DeadlineExceeded: CustomStringConvertible {
  /// `not done within 5.0 seconds`.
  public var description: String { "not done within \(timeout)" }
}
