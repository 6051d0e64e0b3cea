import ControlPlane
import Reactor
import Screens

/// What keys and scripts do.
extension NDPDemo {
  func press(_ key: ScreenKey) {
    switch selection.press(key) {
    case nil: break
    case .quit?: return finish()
    case .heal?: perform(DemoAction(verb: .heal))
    case .toggle(let ill, let service, let endpoint)?:
      let isUndone = has(ill, service, endpoint)
      perform(
        DemoAction(
          verb: isUndone ? .relieve(ill) : .inflict(ill), service: service, endpoint: endpoint))
    }
    show()
  }

  func perform(_ action: DemoAction) {
    note("> \(action.text)", .done)
    for service in endpoints.indices where action.service ?? service == service {
      for number in endpoints[service].indices where action.endpoint ?? number == number {
        change(endpoints[service][number], action)
      }
      if action.endpoint == nil { force(service, action.verb) }
    }
  }

  /// All of what the action means has it.
  private func has(_ ill: DemoIlls, _ service: Int, _ endpoint: Int?) -> Bool {
    if ill == .forced, endpoint == nil { return forced.contains(service) }
    return endpoints[service].indices.allSatisfy { number in
      endpoint ?? number != number || endpoints[service][number].ills.contains(ill)
    }
  }

  private func change(_ endpoint: DemoService, _ action: DemoAction) {
    var ills = endpoint.ills
    switch action.verb {
    case .heal: ills = []
    // A service is forced by its own breaker, not by those of its endpoints.
    case .inflict(.forced) where action.endpoint == nil,
      .relieve(.forced) where action.endpoint == nil:
      return
    case .inflict(let ill): ills.formUnion(ill)
    case .relieve(let ill): ills.subtract(ill)
    }
    let wasForced = endpoint.ills.contains(.forced)
    if wasForced != ills.contains(.forced) {
      plane?.force(
        breakerOf: endpoint.service.name, endpoint: endpoint.address, isOpen: !wasForced)
    }
    do throws(Errno) {
      try endpoint.set(ills)
    } catch {
      note("\(endpoint.name) cannot come back: \(error)", .bad)
    }
  }

  private func force(_ service: Int, _ verb: DemoAction.Verb) {
    let isOpen: Bool
    switch verb {
    case .inflict(.forced): isOpen = true
    case .relieve(.forced), .heal: isOpen = false
    default: return
    }
    guard isOpen != forced.contains(service) else { return }
    if isOpen { forced.insert(service) } else { forced.remove(service) }
    plane?.force(
      breakerOf: DemoPlatform.services[service].name, endpoint: nil, isOpen: isOpen)
  }
}
