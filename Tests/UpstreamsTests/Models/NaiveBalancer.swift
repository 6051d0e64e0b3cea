import Glibc
import Primitives
import Upstreams

/// The rules of `Balancer` written out slowly: lists are filtered anew at each question, latencies
/// are worked out from all that was ever observed, with the C library's mathematics.
struct NaiveBalancer {
  struct Endpoint {
    var given: BalancerEndpoint
    var isWell = true
    var isAdmitted = true
    var active = 0
    /// (when, what, whether it failed)
    var history: [(Int64, Double, Bool)] = []
    var since: Int64 = 0
  }

  /// A priority that may be picked from.
  struct Level {
    var priority: UInt8
    var eligible: [Int]
    var load: Double
    var isPanic: Bool
    var isZoned: Bool
  }

  var settings: BalancingSettings
  var endpoints: [Endpoint] = []

  mutating func adopt(_ list: [BalancerEndpoint], now: Int64) {
    let old = endpoints
    endpoints = list.map { given in
      guard var known = old.first(where: { $0.given.key == given.key }) else {
        return Endpoint(given: given, since: now)
      }
      known.given = given
      return known
    }
  }

  func levels(_ subset: Int?) -> [Level] {
    let view = endpoints.indices.filter {
      subset == nil || endpoints[$0].given.traits.subsets.contains(UInt16(subset!))
    }
    var levels: [Level] = []
    var capacities: [Double] = []
    var admittedCounts: [Double] = []
    for priority in UInt8(0)...15 {
      let all = view.filter { endpoints[$0].given.traits.priority == priority }
      if all.isEmpty { continue }
      let admitted = all.filter { endpoints[$0].isAdmitted }
      let available = admitted.filter { endpoints[$0].isWell }
      let share = Double(available.count) / Double(all.count)
      capacities.append(min(1, share * Double(settings.overprovisioningPercent) / 100))
      admittedCounts.append(Double(admitted.count))
      let isPanic = share < settings.panicThreshold.fraction
      levels.append(
        Level(
          priority: priority, eligible: isPanic ? admitted : available, load: 0, isPanic: isPanic,
          isZoned: isZoned(all, available)))
    }
    let total = capacities.reduce(0, +)
    if total > 1 - 1e-8 {
      var left = 1.0
      for index in levels.indices {
        if levels[index].isPanic {
          levels[index].isPanic = false
          levels[index].eligible = levels[index].eligible.filter { endpoints[$0].isWell }
        }
        levels[index].load = min(capacities[index], left)
        left -= levels[index].load
      }
      return levels
    }
    let parts = levels.contains { !$0.isPanic } ? capacities : admittedCounts
    let sum = max(parts.reduce(0, +), 1e-9)
    for index in levels.indices { levels[index].load = parts[index] / sum }
    return levels
  }

  /// Those that their breakers admit and that nobody asks at first.
  func spares(_ subset: Int?) -> [Int] {
    let eligible = levels(subset).flatMap(\.eligible)
    return endpoints.indices.filter {
      endpoints[$0].isAdmitted && !eligible.contains($0)
        && (subset == nil || endpoints[$0].given.traits.subsets.contains(UInt16(subset!)))
    }
  }

  private func isZoned(_ all: [Int], _ available: [Int]) -> Bool {
    guard let own = settings.ownZone, !settings.policy.isHashed else { return false }
    return all.count >= settings.zoneEndpointsMin
      && Set(all.map { endpoints[$0].given.traits.zone }).count > 1
      && available.contains { endpoints[$0].given.traits.zone == own }
  }

  func latency(_ index: Int, now: Int64) -> Double {
    let decay = Double(settings.latencyDecay.nanosecondsClamped)
    func kept(_ from: Int64, _ to: Int64) -> Double { exp(-Double(to - from) / decay) }
    var average = Double(settings.latencySeed.nanosecondsClamped)
    var last = endpoints[index].since
    for (time, latency, isFailure) in endpoints[index].history {
      let weight = kept(last, time)
      if isFailure {
        let penalty = Double(settings.failureLatency.nanosecondsClamped)
        average = weight * average + (1 - weight) * max(latency, penalty)
      } else {
        average = max(latency, weight * average + (1 - weight) * latency)
      }
      last = time
    }
    return max(1000, average * kept(last, now))
  }

  func cost(_ index: Int, now: Int64) -> Double {
    let mean =
      endpoints.map { Double($0.given.traits.weight) }.reduce(0, +)
      / Double(endpoints.count)
    let inFlight = Double(endpoints[index].active) * mean
    return latency(index, now: now) * (1 + inFlight / Double(endpoints[index].given.traits.weight))
  }

  /// The most requests that bounded load allows at `index`, among `eligible`.
  func bound(_ index: Int, among eligible: [Int]) -> Int {
    let total = eligible.reduce(1) { $0 + endpoints[$1].active }
    let weight = eligible.reduce(0) { $0 + Int(endpoints[$1].given.traits.weight) }
    let own = Int(endpoints[index].given.traits.weight)
    let percent = settings.boundedLoadPercent ?? 0
    return (percent * total * own + weight * 100 - 1) / (weight * 100)
  }
}
