/// Which values of labels stand for something that is there: what `MetricRegistry.keep` goes by.
///
/// A series is alive while each of its labels that is named here is: `upstream` alone, or the
/// whole of `listener`, `route` and `upstream`. Other labels say nothing. A value.
package struct LivingLabels: Sendable {
  private var upstreams: Set<String>
  private var listeners: Set<String> = []
  private var routes: Set<[String]> = []

  package init(upstreams: Set<String>) {
    self.upstreams = upstreams
  }

  /// A route that may lead to that upstream; "none" where there is none.
  package mutating func add(listener: String, route: String, upstream: String) {
    listeners.insert(listener)
    routes.insert([listener, route, upstream])
  }

  /// The test of a family's series, by their values; nil: all are alive.
  func test(of labels: [String]) -> ((_ values: [String]) -> Bool)? {
    let upstream = labels.firstIndex(of: "upstream")
    guard let listener = labels.firstIndex(of: "listener") else {
      guard let upstream else { return nil }
      return { values in upstreams.contains(values[upstream]) || Self.isShared(values[upstream]) }
    }
    guard let upstream, let route = labels.firstIndex(of: "route") else {
      return { values in listeners.contains(values[listener]) || Self.isShared(values[listener]) }
    }
    return { values in
      routes.contains([values[listener], values[route], values[upstream]])
        || Self.isShared(values[listener])
    }
  }

  private static func isShared(_ value: String) -> Bool { value == "none" || value == "overflow" }
}
