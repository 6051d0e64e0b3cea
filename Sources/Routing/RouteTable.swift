import HTTPModel
import Primitives

/// The routes of a listener: the first in configuration order that fits takes the request.
///
/// Exact paths and prefixes are found by hash, one look-up for each host class and each prefix
/// length in use that ends at one of the path's segments, so the cost grows with the path, not with
/// the number of routes. Routes that share a path and differ in method or headers form a chain in
/// order, which is walked. Regular expressions are tried in order, and only those that come before
/// what was found already. Confinement: one loop (a regular expression's scratch memory is the
/// table's). No allocation in `match`.
package final class RouteTable {
  private static let exactKind: UInt8 = 1
  private static let prefixKind: UInt8 = 2

  private let conditions: [RouteConditions]
  private var hosts: HostTable
  private var paths: ByteTable
  /// By path number: the first of its routes, in order by `next`.
  private var first: [Int32] = []
  private var prefixLengths: [Bool] = [false]
  private var hasExact = false
  private var links: [(route: Int32, host: Int32, next: Int32)] = []
  private var regexes: [(route: Int, hosts: [Int], regex: Regex)] = []

  package init(_ routes: [RouteMatch]) throws(RouteFault) {
    conditions = routes.map(RouteConditions.init)
    hosts = HostTable(capacity: routes.reduce(1) { $0 + $1.hosts.count })
    paths = ByteTable(capacity: routes.count)
    // From the back, so that each chain ends up in order.
    for index in routes.indices.reversed() { try insert(routes[index], index) }
    regexes.reverse()
  }

  private func insert(_ route: RouteMatch, _ index: Int) throws(RouteFault) {
    let numbers = route.hosts.isEmpty ? [0] : route.hosts.map { hosts.insert($0) }
    switch route.path {
    case .regex(let pattern):
      do throws(Regex.Fault) {
        regexes.append((index, numbers, try Regex(pattern)))
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

  private func link(_ path: [UInt8], _ kind: UInt8, _ numbers: [Int], _ index: Int) {
    // An exact path and a prefix of the same text are two keys: the kind tells them apart.
    let number = paths.insert(path, kind: kind)
    if number == first.count { first.append(-1) }
    for host in numbers {
      links.append((Int32(index), Int32(host), first[number]))
      first[number] = Int32(links.count - 1)
    }
  }

  /// The position of the route that takes the request, or nil. `path` is normalised and without
  /// its query; `bytes` are those that `head` was decoded from.
  package func match(_ head: RequestHead, in bytes: Span<UInt8>, path: Span<UInt8>) -> Int? {
    var best = Int.max
    let authority = bytes.extracting(head.authority.bounds)
    if hasExact {
      var hash = StableHash(seed: UInt64(Self.exactKind))
      hash.combine(path)
      consider(hash.value, Self.exactKind, path, authority, head, bytes, &best)
    }
    considerPrefixes(path, authority, head, bytes, &best)
    for entry in regexes where entry.route < best {
      if entry.hosts.contains(where: { hosts.matches($0, authority) }),
        conditions[entry.route].hold(head, bytes),
        entry.regex.matches(path)
      {
        best = entry.route
        break
      }
    }
    return best == Int.max ? nil : best
  }

  private func considerPrefixes(
    _ path: Span<UInt8>, _ authority: Span<UInt8>, _ head: RequestHead, _ bytes: Span<UInt8>,
    _ best: inout Int
  ) {
    var hash = StableHash(seed: UInt64(Self.prefixKind))
    let longest = min(path.count, prefixLengths.count - 1)
    var length = 0
    while length <= longest {
      let endsSegment =
        length == path.count || path[length] == 0x2F || (length > 0 && path[length - 1] == 0x2F)
      if endsSegment, prefixLengths[length] {
        let prefix = path.extracting(0..<length)
        consider(hash.value, Self.prefixKind, prefix, authority, head, bytes, &best)
      }
      if length < path.count { hash.combine(path[length]) }
      length += 1
    }
  }

  private func consider(
    _ hash: UInt64, _ kind: UInt8, _ path: Span<UInt8>, _ authority: Span<UInt8>,
    _ head: RequestHead, _ bytes: Span<UInt8>, _ best: inout Int
  ) {
    guard let number = paths.find(hash, path, kind: kind) else { return }
    var index = first[number]
    while index >= 0 {
      let link = links[Int(index)]
      let route = Int(link.route)
      if route >= best { return }
      if hosts.matches(Int(link.host), authority),
        conditions[route].isEmpty || conditions[route].hold(head, bytes)
      {
        best = route
        return
      }
      index = link.next
    }
  }
}
