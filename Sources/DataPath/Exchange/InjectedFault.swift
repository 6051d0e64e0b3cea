/// What a route puts in on purpose, as `weir_faults_injected_total` names it.
enum InjectedFault: String, CaseIterable {
  case delay, abort, reset, bandwidth
}
