import Resilience

/// Faults that a route puts in on purpose.
package struct FaultConfiguration: Sendable, Equatable {
  package var plan: FaultPlan
  /// All of these, in a request of a trusted proxy; a value of "*": the field must be there. Empty:
  /// any request.
  package var headers: [RouteConfiguration.Field]
}
