/// The time that was given was up; what ran was cancelled.
public struct DeadlineExceeded: Error, Sendable, Hashable {
  public let timeout: Duration

  public init(timeout: Duration) {
    self.timeout = timeout
  }
}
