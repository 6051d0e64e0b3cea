import Primitives
import ProxyConfiguration

/// What goes wrong, in words.
extension SimulationRun {
  struct FaultSpan {
    var words: String
    /// Seconds.
    var begin: Double
    var end: Double
  }

  var faultSpans: [FaultSpan] {
    scenario.faults.compactMap { fault in
      let begin = Double(fault.at.nanosecondsClamped) / 1_000_000_000
      guard begin < seconds else { return nil }
      let end = end(of: fault).map { begin + $0 } ?? seconds
      return FaultSpan(
        words: "\(Self.words(fault.kind)): \(Self.place(fault))", begin: begin,
        end: min(end, seconds))
    }
  }

  /// Seconds that it lasts; nil: to the end.
  private func end(of fault: ScenarioFault) -> Double? {
    if case .rollingUpdate(let every, let drain, let down) = fault.kind {
      let count = scenario.services.filter { fault.service == nil || $0.name == fault.service }
        .reduce(0) { $0 + $1.replicas }
      let turns = Double(max(count - 1, 0)) * Double(every.nanosecondsClamped)
      return (turns + Double((drain + down).nanosecondsClamped)) / 1_000_000_000
    }
    return fault.lasts.map { Double($0.nanosecondsClamped) / 1_000_000_000 }
  }

  private static func words(_ kind: ScenarioFault.Kind) -> String {
    switch kind {
    case .kill: "killed"
    case .pause: "paused"
    case .drop: "cut off"
    case .slow(let times): "\(times) times as slow"
    case .errors(let share): "errors \(text(share))"
    case .resets(let share): "resets \(text(share))"
    case .rollingUpdate: "rolling update"
    }
  }

  private static func text(_ share: Share) -> String {
    Scalars.text(basisPoints: Int(share.basisPoints))
  }

  private static func place(_ fault: ScenarioFault) -> String {
    var words = fault.service ?? "all services"
    if let zone = fault.zone { words += " in zone \(zone)" }
    if fault.share < .all { words += ", \(text(fault.share)) of replicas" }
    return words
  }
}
