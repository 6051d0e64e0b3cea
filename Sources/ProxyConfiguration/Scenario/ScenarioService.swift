import Primitives

/// A service of a scenario and what it does with a request.
package struct ScenarioService: Sendable, Equatable {
  /// How long a replica works on a request, its calls not counted.
  package enum Time: Sendable, Equatable {
    case constant(Duration)
    case exponential(mean: Duration)
    case lognormal(median: Duration, p99: Duration)
    case pareto(minimum: Duration, p99: Duration, maximum: Duration)
  }

  package struct Call: Sendable, Equatable {
    package var service: String
    /// The share of the requests that make this call.
    package var share: Share
    /// The classes of clients that make it; empty: all.
    package var clients: [String]
    /// The request goes on when it fails.
    package var isOptional: Bool
    package var isIdempotent: Bool
  }

  package var name: String
  package var replicas: Int
  /// Replicas stand in them in turn; empty: nowhere in particular.
  package var zones: [String]
  package var concurrency: Int
  package var queueMax: Int
  package var time: Time
  package var errors: Share
  /// A replica stops working when its caller has left.
  package var cancels: Bool
  /// A request keeps its place while it waits for its calls.
  package var isBlocking: Bool
  /// Steps one after the other, the calls of a step at once.
  package var calls: [[Call]]
}
