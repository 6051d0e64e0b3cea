import ProxyConfiguration

/// What makes a route the same one in two configurations: its name, else its match, never its
/// position, since a route that is put above another must not inherit that one's state.
///
/// Where several unnamed routes have one match, only the first is reached; they are told apart by
/// their order among each other.
struct RouteIdentity: Hashable {
  private let listener: String
  private let name: String?
  private let match: RouteConfiguration.Match?
  private var ordinal = 0

  private init(_ listener: String, _ route: RouteConfiguration) {
    self.listener = listener
    name = route.isNamed ? route.name : nil
    match = route.isNamed ? nil : route.match
  }

  /// The identities of a listener's routes, in their order.
  static func all(of listener: ListenerConfiguration) -> [RouteIdentity] {
    var counts: [RouteIdentity: Int] = [:]
    return listener.routes.map { route in
      var identity = RouteIdentity(listener.name, route)
      let count = counts[identity, default: 0]
      counts[identity] = count + 1
      identity.ordinal = count
      return identity
    }
  }
}
