import Primitives

/// A service: what its replicas do with a request.
struct ServiceModel: Sendable {
  /// A call to another service, or several at a time.
  struct Call: Sendable {
    var edge: Int
    /// How many of the requests make it, 0...1.
    var share: Double
    /// A bit for each class of clients whose requests make it.
    var clients: UInt64
    /// Whether the request goes on when it fails.
    var isOptional: Bool
    var isIdempotent: Bool
  }

  var name: String
  var firstReplica: Int
  var replicaCount: Int
  /// Requests that a replica works on at a time.
  var concurrency: Int
  /// Requests that wait at a replica; above it: 503.
  var queueMax: Int
  var time: Distribution
  /// Answered 500, 0...1.
  var errors: Double
  /// Whether a replica stops working when its caller has left.
  var cancels: Bool
  /// Whether a request keeps its place of `concurrency` while it waits for its calls.
  var isBlocking: Bool
  /// One after the other; the calls of a step at once.
  var steps: [[Call]]
  var random: RandomSource

  /// How long one request's work takes, in nanoseconds.
  @inline(__always)
  mutating func drawTime() -> Double { time.draw(&random) }
}
