import Primitives

/// Puts routes into the look-up tables of a `RouteTable`.
struct RouteTableBuilder {
  static let exactKind: UInt8 = 1
  static let prefixKind: UInt8 = 2

  /// One route under one path and host; those of the same two form a list in configuration order.
  struct Link {
    var route: Int32
    var next: Int32
  }

  struct Pattern {
    var route: Int
    var hosts: [Int]
    var regex: Regex
  }

  var hosts: HostTable
  var paths: ByteTable
  /// By path number and host number: the first of their links.
  var first: PairTable
  var links: [Link] = []
  /// Which lengths any prefix has.
  var prefixLengths = [false]
  var hasExact = false
  var regexes: [Pattern] = []

  init(_ routes: [RouteMatch]) {
    hosts = HostTable(capacity: routes.reduce(1) { $0 + $1.hosts.count })
    paths = ByteTable(capacity: routes.count)
    first = PairTable(capacity: routes.reduce(1) { $0 + max($1.hosts.count, 1) })
  }

  mutating func insert(_ routes: [RouteMatch]) throws(RouteFault) {
    // From the back, so that each list ends up in order.
    for index in routes.indices.reversed() { try insert(routes[index], index) }
    regexes.reverse()
  }

  private mutating func insert(_ route: RouteMatch, _ index: Int) throws(RouteFault) {
    var numbers = [0]
    if !route.hosts.isEmpty {
      numbers = []
      for host in route.hosts { numbers.append(hosts.insert(host)) }
    }
    switch route.path {
    case .regex(let pattern):
      do throws(Regex.Fault) {
        regexes.append(Pattern(route: index, hosts: numbers, regex: try Regex(pattern)))
      } catch {
        throw RouteFault(index: index, message: error.message)
      }
    case .exact(let path):
      hasExact = true
      link(Array(path.utf8), Self.exactKind, numbers, index)
    case .prefix(let path):
      let bytes = Array(path.utf8)
      while prefixLengths.count <= bytes.count { prefixLengths.append(false) }
      prefixLengths[bytes.count] = true
      link(bytes, Self.prefixKind, numbers, index)
    }
  }

  private mutating func link(_ path: [UInt8], _ kind: UInt8, _ numbers: [Int], _ index: Int) {
    // An exact path and a prefix of the same text are two keys: the kind tells them apart.
    let number = paths.insert(path, kind: kind)
    for host in numbers {
      links.append(Link(route: Int32(index), next: first[number, Int32(host)]))
      first[number, Int32(host)] = Int32(links.count - 1)
    }
  }
}
