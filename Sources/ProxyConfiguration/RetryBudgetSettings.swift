import Primitives

/// How many retries an upstream may see, over all routes.
package struct RetryBudgetSettings: Sendable, Equatable {
  /// Of the requests in flight.
  package var ratio: Share
  /// Retries at once that are always let through.
  package var retriesMin: Int
}
