import Primitives

/// The time line: what is counted, at the end of each sample.
extension Simulator {
  mutating func takeSample() {
    for client in clients.indices { total.add(recentOf: series[client]) }
    total.sample(Series.UpstreamState())
    for client in clients.indices { series[client].sample(Series.UpstreamState()) }
    for service in services.indices { series[clients.count + service].sample(state(of: service)) }
  }

  private func state(of service: Int) -> Series.UpstreamState {
    var state = Series.UpstreamState()
    let range = services[service].firstReplica..<services[service].firstReplica
      + services[service].replicaCount
    for replica in range {
      state.busy += Double(replicas[replica].running)
      state.queued += replicas[replica].queued
    }
    state.busy /= Double(range.count * services[service].concurrency)
    var known = 0
    for edge in plan.edges where edge.target == service {
      for link in edge.firstLink..<edge.firstLink + edge.linkCount {
        known += 1
        state.away += links[link].awayShare
      }
    }
    if known > 0 { state.away /= Double(known) }
    return state
  }
}
