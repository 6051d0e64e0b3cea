import Resilience

/// What was done to a request on purpose, in a word or two, for logs and explanations.
package enum FaultText {
  /// The names of `weir_faults_injected_total`, joined by commas.
  package static func text(_ fault: Fault) -> String {
    var kinds: [InjectedFault] = []
    if fault.delayNanoseconds > 0 { kinds.append(.delay) }
    switch fault.ending {
    case .none: break
    case .abort: kinds.append(.abort)
    case .reset: kinds.append(.reset)
    }
    if fault.bytesPerSecond != nil { kinds.append(.bandwidth) }
    return kinds.map(\.rawValue).joined(separator: ",")
  }
}
