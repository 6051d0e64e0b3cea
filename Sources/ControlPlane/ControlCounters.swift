import Primitives
import Telemetry

/// What the control plane counts of what operators and reloads do. Any thread.
final class ControlCounters: Sendable {
  private struct State {
    let shard: MetricShard
    let counters: RareCounters
  }

  private let state: Lock<State>

  init(_ registry: MetricRegistry) {
    let shard = MetricShard()
    state = Lock(State(shard: shard, counters: RareCounters(registry, shard)))
  }

  func add(_ name: String, help: String, _ labels: KeyValuePairs<String, String>) {
    state.withLock { $0.counters.add(name, help: help, labels) }
  }

  /// Sets a gauge.
  func set(
    _ name: String, help: String, _ labels: KeyValuePairs<String, String>, _ value: UInt64
  ) {
    state.withLock { $0.counters.set(name, help: help, labels, value) }
  }

  var values: [UInt64] { state.withLock { $0.shard.values } }
}
