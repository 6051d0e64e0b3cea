/// Counters whose series are made when they are first met: transitions, refusals, retries.
///
/// Why: each upstream has some fifty of them, and most stay at nothing for ever. Bounded as every
/// family is. Cost: a look-up by text, so not for what every request does. Confinement: the shard's
/// loop.
package final class RareCounters {
  private let registry: MetricRegistry
  private let shard: MetricShard
  private var slots: [[String]: Int] = [:]
  /// The registry's, when the slots were looked up.
  private var generation = 0

  package init(_ registry: MetricRegistry, _ shard: MetricShard) {
    self.registry = registry
    self.shard = shard
  }

  package func add(_ name: String, help: String, _ labels: KeyValuePairs<String, String>) {
    shard.add(slot(name, .counter, help, labels))
  }

  /// Sets a gauge.
  package func set(
    _ name: String, help: String, _ labels: KeyValuePairs<String, String>, _ value: UInt64
  ) {
    shard.set(slot(name, .gauge, help, labels), value)
  }

  private func slot(
    _ name: String, _ kind: MetricFamily.Kind, _ help: String,
    _ labels: KeyValuePairs<String, String>
  ) -> Int {
    if generation != registry.generation {
      generation = registry.generation
      slots = [:]
    }
    let key = [name] + labels.map(\.value)
    if let slot = slots[key] { return slot }
    let family = registry.family(name, kind, help: help, labels: labels.map(\.key))
    let slot = registry.series(family, labels.map(\.value))
    shard.reserve(registry.slotCount)
    slots[key] = slot
    return slot
  }
}
