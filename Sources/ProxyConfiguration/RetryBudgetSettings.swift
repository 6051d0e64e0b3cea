import Primitives

/// How many retries an upstream may see, over all routes.
package struct RetryBudgetSettings: Sendable, Equatable {
  /// The share of the requests in flight that retries may add.
  package var ratio: Share
  /// Retries at once that are always let through.
  package var retriesMin: Int
}
