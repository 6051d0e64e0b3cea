import Primitives

/// When a slow attempt gets a second one beside it.
package struct HedgeSettings: Sendable, Equatable {
  /// Which of the latencies of other attempts is waited for, 50 % to 99.9 %.
  package var percentile: Share
  package var delayMin: Duration
  /// The share of all requests that may be hedged.
  package var budget: Share
}
