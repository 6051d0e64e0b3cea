import Primitives
import Resilience

/// Requests of one kind that come from outside, at a rate that follows a line through points.
package struct ScenarioClients: Sendable, Equatable {
  package struct Load: Sendable, Equatable {
    package var at: Duration
    /// Requests a second.
    package var rate: Int
  }

  package var name: String
  /// The service's name.
  package var calls: String
  package var sidecars: Int
  /// Classes with the same word here share their sidecars; their own name if they gave none.
  package var via: String
  package var zones: [String]
  package var priority: RequestPriority
  package var isIdempotent: Bool
  /// Nil: they wait for as long as it takes.
  package var patience: Duration?
  /// Ascending.
  package var load: [Load]
}
