/// A call was not made because as many are in flight as its class may have.
public struct ConcurrencyExceeded: Error, Sendable, Hashable {
  /// What the limiter is called; empty: it has no name.
  public let name: String
  /// The limit on all classes at that time.
  public let limit: Int

  /// For services that refuse calls on their own and for tests.
  public init(name: String = "", limit: Int) {
    self.name = name
    self.limit = limit
  }
}

extension ConcurrencyExceeded: CustomStringConvertible {
  /// `the concurrency limit pharmacy of 20 calls is full`.
  public var description: String {
    "the concurrency limit \(name.isEmpty ? "" : name + " ")of \(limit) calls is full"
  }
}
