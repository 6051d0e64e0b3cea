import Telemetry

/// The mesh at one moment: what `/upstreams` and `/metrics` tell, as values.
package struct MeshReport: Sendable {
  /// In the order of the configuration.
  package var upstreams: [UpstreamReport]
  package var counters: CounterTotals
}
