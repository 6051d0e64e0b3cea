import Primitives

/// All metrics of the process: names, labels and the place of each series in every shard.
///
/// A series is a slot number; counting is one addition to a plain word of the loop's own
/// `MetricShard`. Bounded: a family keeps `seriesMax` series, later ones share one whose labels
/// read `overflow`. Any thread; locked, so series are made when a snapshot is built or first met,
/// never per request.
package final class MetricRegistry: Sendable {
  struct Definition: Sendable {
    var name: String
    var help: String
    var kind: MetricFamily.Kind
    var labels: [String]
    /// Values are nanoseconds and shown in seconds.
    var isDuration: Bool
    /// Values are billionths and shown as parts of one.
    var isRatio: Bool { kind == .gauge && name.hasSuffix("_ratio") }
    var series: [(values: [String], slot: Int)] = []
    var slots: [[String]: Int] = [:]
    var overflow: Int?

    /// The slot of a series; `fresh` where it is new.
    mutating func place(_ values: [String], at fresh: Int) -> Int {
      precondition(values.count == labels.count, "a value for each label")
      if let slot = slots[values] { return slot }
      if series.count < MetricRegistry.seriesMax {
        slots[values] = fresh
        series.append((values, fresh))
        return fresh
      }
      if let overflow { return overflow }
      overflow = fresh
      series.append((values.map { _ in "overflow" }, fresh))
      return fresh
    }
  }

  private struct State {
    var definitions: [Definition] = []
    var numbers: [String: Int] = [:]
    var slotCount = 0
  }

  package static let seriesMax = 10_000
  private let state = Lock(State())

  package init() {}

  /// The family of that name; the first definition stays.
  package func family(
    _ name: String, _ kind: MetricFamily.Kind, help: String, labels: [String] = [],
    isDuration: Bool = false
  ) -> MetricFamily {
    state.withLock { state in
      if let number = state.numbers[name] { return MetricFamily(number: number) }
      let number = state.definitions.count
      state.numbers[name] = number
      state.definitions.append(
        Definition(name: name, help: help, kind: kind, labels: labels, isDuration: isDuration))
      return MetricFamily(number: number)
    }
  }

  /// The slot of the series with these label values, one for each of the family's labels.
  package func series(_ family: MetricFamily, _ values: [String] = []) -> Int {
    state.withLock { state in
      let slot = state.slotCount
      // In place: a copy of the definition would copy all its series for each new one.
      let place = state.definitions[family.number].place(values, at: slot)
      if place == slot { state.slotCount += state.definitions[family.number].kind.slotCount }
      return place
    }
  }

  /// Slots that have been given out.
  package var slotCount: Int { state.withLock { $0.slotCount } }

  /// The definitions as they stand, for rendering.
  func definitions() -> [Definition] { state.withLock { $0.definitions } }
}
