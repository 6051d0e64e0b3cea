import Resilience

/// One token bucket, or one for each source or value of a field.
package struct RateLimitConfiguration: Sendable, Equatable {
  /// What has a bucket of its own.
  package enum Key: Sendable, Equatable {
    case route
    case source
    /// Each verified peer.
    case identity
    /// Each value of this field.
    case header(String)
  }

  package var policy: RateLimitPolicy
  package var key: Key
  /// Buckets that are kept.
  package var keysMax: Int
  package var mode: PolicyMode

  /// The same limit in another mode.
  package func with(_ mode: PolicyMode) -> RateLimitConfiguration {
    var other = self
    other.mode = mode
    return other
  }
}
