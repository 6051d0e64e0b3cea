import Primitives

/// A limit on requests in flight that follows the latency that is measured.
package struct AdaptiveSettings: Sendable, Equatable {
  package var concurrencyMin: Int
  /// Not below `concurrencyMin`.
  package var concurrencyMax: Int
  /// Latency above the least that is normal.
  package var buffer: Share
  package var interval: Duration
  package var percentile: Share
}
