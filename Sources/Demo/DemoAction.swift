/// What a key or a script does to the demo's services.
struct DemoAction: Equatable, Sendable {
  enum Verb: Equatable, Sendable {
    case inflict(DemoIlls)
    /// Takes back what was done.
    case relieve(DemoIlls)
    case heal
  }

  var verb: Verb
  /// By position in `DemoPlatform.services`; nil: all.
  var service: Int?
  /// From 0; nil: all of the service.
  var endpoint: Int?

  /// For the list of events: `kill ai-validation/0`.
  var text: String {
    let target =
      service.map { service in
        let name = DemoPlatform.services[service].name
        return " \(name)" + (endpoint.map { "/\($0)" } ?? "")
      } ?? ""
    func word(_ ill: DemoIlls) -> String {
      DemoIlls.words.first { $0.ill == ill }?.verb ?? ""
    }
    return switch verb {
    case .heal: target.isEmpty ? "heal everything" : "heal" + target
    case .inflict(let ill): word(ill) + target
    case .relieve(.killed): "revive" + target
    case .relieve(let ill): "no longer \(word(ill))" + target
    }
  }
}
