import Primitives

/// Something bad that happens to some replicas for some time.
package struct ScenarioFault: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    /// The process dies; connections to it are reset, then refused.
    case kill
    /// It stops, and goes on afterwards; its connections stay.
    case pause
    /// Nothing reaches it and nothing comes back.
    case drop
    /// Work takes that many times as long.
    case slow(times: Int)
    /// That share is answered 500.
    case errors(Share)
    case resets(Share)
    /// One replica after the other is taken out of discovery, left alone for `drain`, killed, and
    /// back after `down`.
    case rollingUpdate(every: Duration, drain: Duration, down: Duration)
  }

  package var kind: Kind
  package var at: Duration
  /// Nil: to the end of the run.
  package var lasts: Duration?
  /// Nil: all.
  package var service: String?
  package var zone: String?
  /// The share of those that service and zone leave; the first ones are taken.
  package var share: Share
}
