import Primitives
import Synchronization

/// All metrics of the process: names, labels and the place of each series in every shard.
///
/// A series is a slot number; counting is one addition to a plain word of the loop's own
/// `MetricShard`. Bounded: a family keeps `seriesMax` series, later ones share one whose labels
/// read `overflow`. What is gone goes (`keep`), so that it takes no place of what lives; its slots
/// are not given anew, as requests of before may still count there: 8 bytes each and loop. Any thread; locked, so series are made when a snapshot is built or first met,
/// never per request.
package final class MetricRegistry: Sendable {
  struct Definition: Sendable {
    var name: String
    var help: String
    var kind: MetricFamily.Kind
    var labels: [String]
    /// Values are nanoseconds and shown in seconds.
    var isDuration: Bool
    var series: [(values: [String], slot: Int)] = []
    var slots: [[String]: Int] = [:]
    var overflow: Int?
    /// Series of what is gone, and since when.
    var gone: [[String]: Instant] = [:]

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
  /// How long a counter is shown after what it counts is gone: several scrapers must have read its
  /// last value, the slowest each few minutes (Prometheus' staleness is five).
  static let goneFor = Duration.seconds(600)

  private let state = Lock(State())
  private let removals = Atomic<Int>(0)

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

  // MARK: What is gone

  /// Changes when series are removed: slots that were looked up before may be dead.
  package var generation: Int { removals.load(ordering: .acquiring) }

  /// Forgets gauges whose labels stand for nothing any more at once, and counters and histograms
  /// after `goneFor`. Cost: linear in the series; off the loops.
  package func keep(_ living: LivingLabels, at now: Instant) {
    change { $0.keep(living, now) }
  }

  /// Forgets the counters whose time is over.
  package func forgetExpired(at now: Instant) {
    change { $0.forgetExpired(now) }
  }

  private func change(_ body: (inout Definition) -> Bool) {
    let isChanged = state.withLock { state in
      var isChanged = false
      for number in state.definitions.indices where body(&state.definitions[number]) {
        isChanged = true
      }
      return isChanged
    }
    if isChanged { removals.add(1, ordering: .releasing) }
  }

  /// Slots that have been given out.
  package var slotCount: Int { state.withLock { $0.slotCount } }

  /// Series that are known.
  var seriesCount: Int { state.withLock { $0.definitions.reduce(0) { $0 + $1.series.count } } }

  /// The definitions as they stand, for rendering.
  func definitions() -> [Definition] { state.withLock { $0.definitions } }
}

extension MetricRegistry.Definition {
  /// True: series were removed.
  mutating func keep(_ living: LivingLabels, _ now: Instant) -> Bool {
    guard let isAlive = living.test(of: labels) else { return false }
    var removed: Set<[String]> = []
    for (values, _) in series {
      if isAlive(values) {
        gone[values] = nil
      } else if kind == .gauge {
        removed.insert(values)
      } else if gone[values] == nil {
        gone[values] = now
      }
    }
    return remove(removed)
  }

  mutating func forgetExpired(_ now: Instant) -> Bool {
    guard !gone.isEmpty else { return false }
    let expired = gone.filter { now >= $0.value.advanced(by: MetricRegistry.goneFor) }
    return remove(Set(expired.keys))
  }

  private mutating func remove(_ values: Set<[String]>) -> Bool {
    guard !values.isEmpty else { return false }
    series.removeAll { values.contains($0.values) }
    for each in values {
      slots[each] = nil
      gone[each] = nil
    }
    return true
  }
}
