/// A call was not made because as many are in flight as its class may have.
public struct ConcurrencyExceeded: Error, Sendable, Hashable {
  /// The limit on all classes at that time.
  public let limit: Int

  /// For services that refuse calls on their own and for tests.
  public init(limit: Int) {
    self.limit = limit
  }
}
