import Primitives

/// How the load is shared between priorities, and which of them panic.
///
/// Envoy's rules (load_balancing/priority, panic_threshold): a priority can take
/// available ÷ all × 1.4 of the load, at most all of it; each gets what those before it cannot take.
/// When all together cannot take it, what they can is scaled up to the whole, and a priority below
/// the panic threshold makes all its endpoints eligible; when each is below, the load is shared by
/// the number of endpoints. No priority panics while others can take the load for it.
package enum PriorityLoads {
  /// One priority's endpoints: all, those whose breaker lets through, and of these the well ones.
  package struct Count: Sendable, Equatable {
    package var all: Int
    package var admitted: Int
    package var available: Int

    package init(all: Int, admitted: Int, available: Int) {
      self.all = all
      self.admitted = admitted
      self.available = available
    }
  }

  /// `load`: of 2^32. The loads sum to 2^32, or to 0 when nothing is eligible.
  package struct Load: Sendable, Equatable {
    package var load: UInt64
    package var isPanic: Bool
  }

  package static let whole: UInt64 = 1 << 32

  package static func of(_ counts: [Count], _ settings: BalancingSettings) -> [Load] {
    let capacities = counts.map { capacity($0, settings) }
    let sum = capacities.reduce(0, +)
    var loads = counts.map { _ in Load(load: 0, isPanic: false) }
    if sum >= whole {
      var left = whole
      for index in loads.indices {
        loads[index].load = min(capacities[index], left)
        left -= loads[index].load
      }
      return loads
    }
    for index in loads.indices {
      loads[index].isPanic = isPanic(counts[index], settings.panicThreshold)
    }
    if loads.indices.allSatisfy({ loads[$0].isPanic || counts[$0].all == 0 }) {
      divide(counts.map { UInt64($0.admitted) }, &loads)
    } else {
      divide(capacities, &loads)
    }
    return loads
  }

  private static func isPanic(_ count: Count, _ threshold: Share) -> Bool {
    count.all > 0 && !threshold.isReached(by: UInt64(count.available), of: UInt64(count.all))
  }

  /// Rounded up, so that thirds still make a whole.
  private static func capacity(_ count: Count, _ settings: BalancingSettings) -> UInt64 {
    guard count.all > 0 else { return 0 }
    let all = UInt64(count.all) * 100
    let share = UInt64(count.available) * UInt64(max(settings.overprovisioningPercent, 100))
    return min(whole, (share * whole + all - 1) / all)
  }

  /// In proportion to `parts`; the rounding goes to the last that has any.
  private static func divide(_ parts: [UInt64], _ loads: inout [Load]) {
    let sum = parts.reduce(0, +)
    guard sum > 0, let last = parts.lastIndex(where: { $0 > 0 }) else { return }
    var left = whole
    for index in parts.indices {
      loads[index].load =
        index == last ? left : UInt64(Double(whole) * (Double(parts[index]) / Double(sum)))
      left -= loads[index].load
    }
  }
}
