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
  private let conditions: [RouteConditions]
  // Constants, so that a look-up reads them in place: copies would be counted by reference.
  private let hosts: HostTable
  private let paths: ByteTable
  private let first: PairTable
  private let links: [RouteTableBuilder.Link]
  private let prefixLengths: [Bool]
  private let hasExact: Bool
  private let regexes: [RouteTableBuilder.Pattern]

  package init(_ routes: [RouteMatch]) throws(RouteFault) {
    var builder = RouteTableBuilder(routes)
    try builder.insert(routes)
    conditions = routes.map(RouteConditions.init)
    hosts = builder.hosts
    paths = builder.paths
    first = builder.first
    links = builder.links
    prefixLengths = builder.prefixLengths
    hasExact = builder.hasExact
    regexes = builder.regexes
  }

  /// Which route takes the request. `path` is normalised and without its query; `bytes` are those
  /// that `head` was decoded from.
  package func match(
    _ head: RequestHead, in bytes: Span<UInt8>, path: Span<UInt8>
  ) -> RouteVerdict {
    var best = Int.max
    let fitting = hosts.numbers(of: bytes.extracting(head.authority.bounds))
    if hasExact {
      var hash = StableHash(seed: UInt64(RouteTableBuilder.exactKind))
      hash.combine(path)
      if let number = paths.find(hash.value, path, kind: RouteTableBuilder.exactKind) {
        consider(number, fitting, head, bytes, &best)
      }
    }
    considerPrefixes(path, fitting, head, bytes, &best)
    for index in regexes.indices where regexes[index].route < best {
      guard holds(regexes[index], fitting, head, bytes) else { continue }
      switch regexes[index].regex.match(path) {
      case .matched: return .matched(regexes[index].route)
      case .unmatched: continue
      case .gaveUp: return .gaveUp
      }
    }
    return best == Int.max ? .none : .matched(best)
  }

  private func holds(
    _ pattern: RouteTableBuilder.Pattern, _ fitting: HostNumbers, _ head: RequestHead,
    _ bytes: Span<UInt8>
  ) -> Bool {
    pattern.hosts.contains(where: fitting.contains) && conditions[pattern.route].hold(head, bytes)
  }

  private func considerPrefixes(
    _ path: Span<UInt8>, _ fitting: HostNumbers, _ head: RequestHead, _ bytes: Span<UInt8>,
    _ best: inout Int
  ) {
    var hash = StableHash(seed: UInt64(RouteTableBuilder.prefixKind))
    let longest = min(path.count, prefixLengths.count - 1)
    var length = 0
    while length <= longest {
      // A prefix ends where a segment does: at the path's end, or next to a "/".
      let endsSegment =
        length == path.count || path[length] == 0x2F || (length > 0 && path[length - 1] == 0x2F)
      if endsSegment, prefixLengths[length],
        let number = paths.find(
          hash.value, path.extracting(0..<length), kind: RouteTableBuilder.prefixKind)
      {
        consider(number, fitting, head, bytes, &best)
      }
      if length < path.count { hash.combine(path[length]) }
      length += 1
    }
  }

  /// The routes under one path, for each host that fits.
  private func consider(
    _ path: Int, _ fitting: HostNumbers, _ head: RequestHead, _ bytes: Span<UInt8>,
    _ best: inout Int
  ) {
    for host in 0..<fitting.count {
      var index = first[path, fitting[host]]
      while index >= 0 {
        let link = links[Int(index)]
        let route = Int(link.route)
        if route >= best { break }
        if conditions[route].isEmpty || conditions[route].hold(head, bytes) { best = route }
        index = link.next
      }
    }
  }
}
