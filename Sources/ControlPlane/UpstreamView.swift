import DataPath

/// What one worker knows of an upstream, copied for `/upstreams`.
package struct UpstreamView: Sendable {
  package struct Endpoint: Sendable {
    package var address: String
    package var connections: Int
    package var idle: Int
    package var inFlight: Int
  }

  package var name: String
  package var endpoints: [Endpoint]

  @Sendable static func all(of worker: Worker) -> [UpstreamView] {
    worker.snapshot.upstreams.map { upstream in
      UpstreamView(
        name: upstream.plan.name,
        endpoints: upstream.endpoints.map {
          Endpoint(
            address: "\($0.address)", connections: $0.connectionCount, idle: $0.idleCount,
            inFlight: upstream.inFlight($0))
        })
    }
  }

  /// The workers' views of one upstream, added up.
  static func sum(_ views: [[UpstreamView]]) -> [UpstreamView] {
    guard var total = views.first else { return [] }
    for view in views.dropFirst() {
      for (index, upstream) in view.enumerated() where index < total.count {
        for (place, endpoint) in upstream.endpoints.enumerated()
        where place < total[index].endpoints.count {
          total[index].endpoints[place].connections += endpoint.connections
          total[index].endpoints[place].idle += endpoint.idle
          total[index].endpoints[place].inFlight += endpoint.inFlight
        }
      }
    }
    return total
  }
}
