import Screens

/// Which endpoint the keys of the demo's screen mean, and what they do.
struct DemoSelection: Equatable, Sendable {
  enum Command: Equatable, Sendable {
    /// What was done is undone by the same key.
    case toggle(DemoIlls, service: Int, endpoint: Int?)
    case heal, quit
  }

  private(set) var service = 0
  private(set) var endpoint = 0
  private(set) var showsHelp = false

  /// Nil: only the selection changed, or nothing.
  mutating func press(_ key: ScreenKey) -> Command? {
    let services = DemoPlatform.services.count
    let endpoints = DemoPlatform.endpointCount
    switch key {
    case .up: service = (service + services - 1) % services
    case .down: service = (service + 1) % services
    case .left: endpoint = (endpoint + endpoints - 1) % endpoints
    case .right: endpoint = (endpoint + 1) % endpoints
    case .enter, .escape, .backspace, .suspend: break
    case .character("?"): showsHelp.toggle()
    case .character("q"): return .quit
    case .character("r"): return .heal
    case .character(let character):
      if let number = character.wholeNumberValue, (1...services).contains(number) {
        service = number - 1
      }
      guard let ill = Self.ills[Character(character.lowercased())] else { return nil }
      return .toggle(ill, service: service, endpoint: character.isUppercase ? nil : endpoint)
    }
    return nil
  }

  private static let ills: [Character: DemoIlls] = [
    "k": .killed, "s": .slow, "e": .failing, "f": .forced,
  ]
}
