/// Counters at one moment, added up over all loops: for who shows figures instead of serving
/// `/metrics`.
///
/// Immutable. Cost: making one copies the registry's names; a question is linear in the family's
/// series.
package struct CounterTotals: Sendable {
  let definitions: [MetricRegistry.Definition]
  let sums: [UInt64]
  let gauges: [GaugeReading]

  /// `shards`: the values of each loop. `gauges`: what is read when asked for, and counted nowhere.
  package init(_ registry: MetricRegistry, shards: [[UInt64]], gauges: [GaugeReading] = []) {
    definitions = registry.definitions()
    sums = Self.sum(shards)
    self.gauges = gauges
  }

  /// Slot by slot; a shard that is shorter has nothing in its last slots.
  static func sum(_ shards: [[UInt64]]) -> [UInt64] {
    var sums: [UInt64] = []
    for shard in shards {
      if sums.count < shard.count {
        sums.append(contentsOf: repeatElement(0, count: shard.count - sums.count))
      }
      for index in shard.indices { sums[index] &+= shard[index] }
    }
    return sums
  }

  /// Each series of a counter or gauge: the values of `labels`, and what it counts.
  package func series(
    _ family: String, _ labels: [String]
  ) -> [(labels: [String], count: UInt64)] {
    histograms(family, labels).map { ($0.labels, $0.slots.first ?? 0) }
  }

  /// Each series of a histogram: the values of `labels`, the counts of its buckets, the last one
  /// above all bounds, and the sum in nanoseconds behind them.
  package func histograms(
    _ family: String, _ labels: [String]
  ) -> [(labels: [String], slots: ArraySlice<UInt64>)] {
    guard let definition = definitions.first(where: { $0.name == family }) else { return [] }
    let columns = labels.compactMap { definition.labels.firstIndex(of: $0) }
    let width = definition.kind.slotCount
    return definition.series.compactMap { values, slot in
      guard slot + width <= sums.count else { return nil }
      return (columns.map { values[$0] }, sums[slot..<slot + width])
    }
  }

  /// The family's values by that label, in the order in which the values were first met; nothing
  /// for a family that nobody counted in yet. `only`: of series with these labels.
  package func values(
    _ family: String, by label: String, only: KeyValuePairs<String, String> = [:]
  ) -> [(label: String, count: UInt64)] {
    guard let definition = definitions.first(where: { $0.name == family }),
      let column = definition.labels.firstIndex(of: label)
    else { return [] }
    let conditions = only.map { (definition.labels.firstIndex(of: $0.key), $0.value) }
    var found: [(label: String, count: UInt64)] = []
    var places: [String: Int] = [:]
    for (values, slot) in definition.series where slot < sums.count {
      guard conditions.allSatisfy({ column, value in column.map { values[$0] == value } ?? false })
      else { continue }
      if let place = places[values[column]] {
        found[place].count &+= sums[slot]
      } else {
        places[values[column]] = found.count
        found.append((values[column], sums[slot]))
      }
    }
    return found
  }
}
