import Primitives
import ProxyConfiguration

/// Takes a scenario's faults apart into what begins and ends when.
struct ChangeList {
  private(set) var changes: [Change] = []
  private let scenario: Scenario
  private let replicas: [Replica]
  private let zones: [String]

  init(scenario: Scenario, replicas: [Replica], zones: [String]) {
    self.scenario = scenario
    self.replicas = replicas
    self.zones = zones
    for fault in scenario.faults { add(fault) }
  }

  private mutating func add(_ fault: ScenarioFault) {
    let hit = hit(by: fault)
    let begin = fault.at.nanosecondsClamped
    let end = fault.lasts.map { begin + $0.nanosecondsClamped }
    func put(_ start: Change.Kind, _ stop: Change.Kind) {
      changes.append(Change(time: begin, kind: start, replicas: hit))
      if let end { changes.append(Change(time: end, kind: stop, replicas: hit)) }
    }
    switch fault.kind {
    case .kill: put(.kill, .restart)
    case .pause: put(.pause, .resume)
    case .drop: put(.cut, .join)
    case .slow(let times): put(.slow(Double(times)), .slow(1 / Double(times)))
    case .errors(let share): put(.errors(share.fraction), .errors(-share.fraction))
    case .resets(let share): put(.resets(share.fraction), .resets(-share.fraction))
    case .rollingUpdate(let every, let drain, let down):
      for (turn, replica) in hit.enumerated() {
        let leaves = begin + Int64(turn) * every.nanosecondsClamped
        let dies = leaves + drain.nanosecondsClamped
        let returns = dies + down.nanosecondsClamped
        for (time, kind) in [
          (leaves, .withdraw), (dies, .kill), (returns, .restart), (returns, .announce),
        ] as [(Int64, Change.Kind)] {
          changes.append(Change(time: time, kind: kind, replicas: [replica]))
        }
      }
    }
  }

  private func hit(by fault: ScenarioFault) -> [Int] {
    let zone = fault.zone.flatMap { zones.firstIndex(of: $0) }
    let all = replicas.indices.filter { index in
      (zone == nil || replicas[index].zone == zone)
        && (fault.service == nil
          || scenario.services[replicas[index].service].name == fault.service)
    }
    guard fault.share > .zero, !all.isEmpty else { return [] }
    // 34% of three is one; a fault of a small share is one all the same.
    let count = max(Int((Double(all.count) * fault.share.fraction).rounded()), 1)
    return Array(all.prefix(count))
  }
}
