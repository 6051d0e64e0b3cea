import Primitives
import Resilience

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
  // Looked up by each route or upstream, so that checking stays linear.
  private var upstreamPlaces: [String: Int] = [:]
  private var routePlaces: [String: [Int]] = [:]
  private var listenerPlaces: [UInt16: [Int]] = [:]
  private var fallbacks: Set<String> = []
  /// Those that listeners of TCP lead to.
  private var tunnelled: Set<String> = []
  /// By upstream: a listener behind it that tries again itself.
  private var retriesBehind: [String: (name: String, attempts: Int)?] = [:]
  /// By upstream: what routes wanted of its endpoints, and whether one has it.
  private var subsets: [String: [[RouteConfiguration.Field]: Bool]] = [:]
  /// Comparisons of any two entries; what a test counts.
  private(set) var lookUps = 0

  /// `sections`: of the routes, in their order.
  mutating func add(
    _ routes: [RouteConfiguration], _ sections: [Section], of listener: String,
    at address: SocketAddress
  ) {
    if let port = address.port { listenerPlaces[port, default: []].append(listeners.count) }
    listeners.append(Listener(name: listener, address: address, routes: routes))
    for (route, section) in zip(routes, sections) {
      for name in Set(route.upstreams) { routePlaces[name, default: []].append(self.routes.count) }
      if case .upstream(let name)? = route.fallback { fallbacks.insert(name) }
      self.routes.append(Route(route: route, section: section))
    }
    judge(routes, sections, of: listener)
  }

  /// A listener gives all its connections to `upstream`.
  mutating func add(tunnelTo upstream: String) { tunnelled.insert(upstream) }

  func isTunnelled(_ upstream: String) -> Bool { tunnelled.contains(upstream) }

  mutating func add(_ upstream: UpstreamConfiguration, _ section: Section) {
    upstreamPlaces[upstream.name] = upstreams.count
    upstreams.append(Upstream(upstream: upstream, section: section))
  }

  /// So many are told; the rest are of the same kinds.
  private static let toldMax = 100

  /// In the order of the file. Cost: linear.
  mutating func warnings(file: String) -> [ConfigurationWarning] {
    for route in routes { judge(route) }
    for upstream in upstreams { judge(upstream) }
    found.sort { ($0.mark.line, $0.mark.column) < ($1.mark.line, $1.mark.column) }
    var told = found.prefix(Self.toldMax).map { warning(file, $0.mark, $0.message) }
    if found.count > Self.toldMax {
      let count = found.count - Self.toldMax
      told.append(
        warning(file, found[Self.toldMax].mark, "this and \(count - 1) more warnings are not shown")
      )
    }
    return told
  }

  private func warning(
    _ file: String, _ mark: YAMLNode.Mark, _ message: String
  ) -> ConfigurationWarning {
    ConfigurationWarning(file: file, line: mark.line, column: mark.column, message: message)
  }

  mutating func warn(_ section: Section, _ key: String, _ message: String) {
    found.append((section.mark(key), message))
  }

  mutating func warn(at mark: YAMLNode.Mark, _ message: String) { found.append((mark, message)) }

  /// The upstreams that a route may call.
  mutating func targets(_ route: RouteConfiguration) -> [Upstream] {
    lookUps += route.upstreams.count
    return Set(route.upstreams).compactMap { upstreamPlaces[$0] }.sorted().map { upstreams[$0] }
  }

  func isFallback(_ upstream: String) -> Bool { fallbacks.contains(upstream) }

  /// The routes that may call an upstream.
  mutating func callers(_ upstream: UpstreamConfiguration) -> [RouteConfiguration] {
    let places = routePlaces[upstream.name] ?? []
    lookUps += places.count
    return places.map { routes[$0].route }
  }

  /// A listener of this file behind the upstream that tries again itself.
  mutating func retries(
    behind upstream: UpstreamConfiguration
  ) -> (name: String, attempts: Int)? {
    if let known = retriesBehind[upstream.name] { return known }
    var result: (name: String, attempts: Int)?
    for endpoint in upstream.endpoints where result == nil {
      lookUps += 1
      guard let listener = listener(at: endpoint) else { continue }
      let attempts = listener.routes.compactMap(\.retry?.attempts).max() ?? 1
      if attempts > 1 { result = (listener.name, attempts) }
    }
    retriesBehind[upstream.name] = .some(result)
    return result
  }

  /// Whether an endpoint of the upstream has all of `wanted`.
  mutating func has(
    _ upstream: UpstreamConfiguration, _ wanted: [RouteConfiguration.Field]
  ) -> Bool {
    if let known = subsets[upstream.name]?[wanted] { return known }
    lookUps += upstream.endpoints.count
    let isThere = upstream.endpoints.contains { wanted.allSatisfy($0.metadata.contains) }
    subsets[upstream.name, default: [:]][wanted] = isThere
    return isThere
  }

  /// The listener of this file that serves at an endpoint's address, if one does.
  private func listener(at endpoint: UpstreamConfiguration.Endpoint) -> Listener? {
    let text = endpoint.address
    let isLocalName = text.hasPrefix("localhost:")
    let address = SocketAddress(isLocalName ? "127.0.0.1:" + text.dropFirst(10) : text)
    guard let address else { return nil }
    guard let port = address.port else { return listeners.first { $0.address == address } }
    return listenerPlaces[port]?.lazy.map { listeners[$0] }.first { listener in
      if listener.address == address { return true }
      guard let own = listener.address.ip, let asked = address.ip else { return false }
      let isEveryAddress = own.description == "0.0.0.0" || own.description == "::"
      let isLoopback = CIDR("127.0.0.0/8")?.contains(asked) == true || asked.description == "::1"
      return isEveryAddress && isLoopback
    }
  }
}
