import Primitives

/// Finds policies that are right one by one and wrong together: tries that multiply, timeouts that
/// grow downward, breakers and detectors that can never act.
///
/// Why: each of these was written to protect, and does nothing or harm when it is needed. Nothing
/// here is a fault; traffic that the file does not know may make it right.
struct PolicyCritic {
  struct Route {
    var route: RouteConfiguration
    var section: Section
  }

  struct Upstream {
    var upstream: UpstreamConfiguration
    var section: Section
  }

  struct Listener {
    var name: String
    var address: SocketAddress
    var routes: [RouteConfiguration]
  }

  private(set) var listeners: [Listener] = []
  private(set) var routes: [Route] = []
  private(set) var upstreams: [Upstream] = []
  private var found: [(mark: YAMLNode.Mark, message: String)] = []

  /// `sections`: of the routes, in their order.
  mutating func add(
    _ routes: [RouteConfiguration], _ sections: [Section], of listener: String,
    at address: SocketAddress
  ) {
    listeners.append(Listener(name: listener, address: address, routes: routes))
    self.routes += zip(routes, sections).map { Route(route: $0, section: $1) }
  }

  mutating func add(_ upstream: UpstreamConfiguration, _ section: Section) {
    upstreams.append(Upstream(upstream: upstream, section: section))
  }

  /// In the order of the file.
  mutating func warnings(file: String) -> [ConfigurationWarning] {
    for route in routes { judge(route) }
    for upstream in upstreams { judge(upstream) }
    return found.map {
      ConfigurationWarning(
        file: file, line: $0.mark.line, column: $0.mark.column, message: $0.message)
    }.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
  }

  mutating func warn(_ section: Section, _ key: String, _ message: String) {
    found.append((section.mark(key), message))
  }

  /// The upstreams that a route may call.
  func targets(_ route: RouteConfiguration) -> [Upstream] {
    upstreams.filter { route.upstreams.contains($0.upstream.name) }
  }

  /// The routes that may call an upstream.
  func callers(_ upstream: UpstreamConfiguration) -> [RouteConfiguration] {
    routes.map(\.route).filter { $0.upstreams.contains(upstream.name) }
  }

  /// The listener of this file that serves at an endpoint's address, if one does.
  func listener(at endpoint: UpstreamConfiguration.Endpoint) -> Listener? {
    let text = endpoint.address
    let isLocalName = text.hasPrefix("localhost:")
    let address = SocketAddress(isLocalName ? "127.0.0.1:" + text.dropFirst(10) : text)
    guard let address else { return nil }
    return listeners.first { listener in
      if listener.address == address { return true }
      guard let port = address.port, port == listener.address.port,
        let own = listener.address.ip, let asked = address.ip
      else { return false }
      let isEveryAddress = own.description == "0.0.0.0" || own.description == "::"
      let isLoopback = CIDR("127.0.0.0/8")?.contains(asked) == true || asked.description == "::1"
      return isEveryAddress && isLoopback
    }
  }
}
