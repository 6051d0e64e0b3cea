import Primitives

/// A limit on requests in flight that follows what the upstream is seen to carry.
package struct AdaptiveSettings: Sendable, Equatable {
  package var concurrencyMin: Int
  /// Not below `concurrencyMin`.
  package var concurrencyMax: Int
  /// How far the limit stands above what the upstream carries.
  package var buffer: Share
  package var interval: Duration
}
