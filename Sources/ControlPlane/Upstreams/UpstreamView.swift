import DataPath
import Primitives
import Upstreams

/// What one worker knows of an upstream, copied for `/upstreams`.
package struct UpstreamView: Sendable {
  package struct Endpoint: Sendable {
    package var address: String
    package var connections: Int
    package var idle: Int
    package var inFlight: Int
    /// What came of the attempts at it.
    package var tally: EndpointTally
    /// The latency average of `peak_ewma`; over several workers the longest. Nil: another policy.
    package var latencyNanoseconds: Int64?
  }

  package var name: String
  package var endpoints: [Endpoint]

  @Sendable static func all(of worker: Worker) -> [UpstreamView] {
    worker.snapshot.upstreams.map { upstream in
      UpstreamView(
        name: upstream.plan.name,
        endpoints: upstream.endpoints.map {
          Endpoint(
            address: $0.state.identity, connections: $0.connectionCount, idle: $0.idleCount,
            inFlight: upstream.inFlight($0), tally: $0.tally,
            latencyNanoseconds: upstream.latencyNanoseconds($0))
        })
    }
  }

  /// The workers' views, added up by name and address: in the middle of a reload one worker may have
  /// other upstreams than the next.
  static func sum(_ views: [[UpstreamView]], now: Instant) -> [UpstreamView] {
    guard var total = views.first else { return [] }
    let places = Dictionary(total.enumerated().map { ($1.name, $0) }) { first, _ in first }
    for upstream in views.dropFirst().joined() {
      if let place = places[upstream.name] { total[place].add(upstream, now) }
    }
    return total
  }

  private mutating func add(_ other: UpstreamView, _ now: Instant) {
    let places = Dictionary(endpoints.enumerated().map { ($1.address, $0) }) { first, _ in first }
    for endpoint in other.endpoints {
      if let place = places[endpoint.address] { endpoints[place].add(endpoint, now) }
    }
  }
}

extension UpstreamView.Endpoint {
  fileprivate mutating func add(_ other: Self, _ now: Instant) {
    tally.add(other.tally, now: now)
    connections += other.connections
    idle += other.idle
    inFlight += other.inFlight
    if let latency = other.latencyNanoseconds {
      latencyNanoseconds = max(latencyNanoseconds ?? 0, latency)
    }
  }
}
