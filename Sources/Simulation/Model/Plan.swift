import Primitives
import Upstreams

/// A scenario with its policies, names resolved to indices: what a `Simulator` runs.
struct Plan: Sendable {
  var seed: UInt64
  /// Nanoseconds of the whole run, a multiple of `sample`.
  var end: Int64
  var sample: Int64
  /// Nanoseconds one way, within a zone and across zones.
  var delayWithin: Int64
  var delayAcross: Int64
  var clients: [ClientClass]
  var services: [ServiceModel]
  var replicas: [Replica]
  var edges: [Edge]
  /// The zone of each link's caller, -1: everywhere.
  var linkZones: [Int]
  var changes: [Change]
  /// Requests have different priorities.
  var shedsByPriority: Bool

  @inline(__always)
  func delay(from one: Int, to other: Int) -> Int64 {
    one == other || one < 0 ? delayWithin : delayAcross
  }

  /// Each with a seed of its own.
  func makeLinks() -> [Link] {
    edges.enumerated().flatMap { number, edge in
      let service = services[edge.target]
      let zones = (0..<service.replicaCount).map { replicas[service.firstReplica + $0].zone }
      let endpoints = Link.endpoints(zones)
      let balancing = edge.policy.balancing
      let placement = balancing.policy.isHashed ? HashPlacement(balancing, endpoints) : nil
      return (0..<edge.linkCount).map { index in
        let link = edge.firstLink + index
        return Link(
          edge: number, zone: linkZones[link], endpoints: endpoints, placement: placement,
          policy: edge.policy,
          seed: Self.seed(seed, stream: 0x10_0000_0000 + UInt64(link)))
      }
    }
  }

  /// A seed for one of the streams of random numbers of a run, so that what one part draws
  /// changes nothing for the others: compared policies see the same arrivals.
  static func seed(_ seed: UInt64, stream: UInt64) -> UInt64 {
    var source = RandomSource(seed: seed ^ (stream &* 0x9E37_79B9_7F4A_7C15))
    return source.next()
  }
}
