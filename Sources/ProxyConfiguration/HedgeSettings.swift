import Primitives

/// When a slow attempt gets a second one beside it.
package struct HedgeSettings: Sendable, Equatable {
  /// Of the latencies of other attempts, 50 % to 99.9 %.
  package var percentile: Share
  package var delayMin: Duration
  /// Of all requests.
  package var budget: Share
}
