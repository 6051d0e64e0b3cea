import Primitives
import Resilience

/// The time line: what is counted, at the end of each sample.
extension Simulator {
  mutating func takeSample() {
    for client in clients.indices { total.add(recentOf: series[client]) }
    total.sample(Series.UpstreamState())
    for client in clients.indices { series[client].sample(Series.UpstreamState()) }
    for link in links.indices where links[link].nextLook <= now { links[link].look(instant) }
    for service in services.indices { series[clients.count + service].sample(state(of: service)) }
  }

  private func state(of service: Int) -> Series.UpstreamState {
    var state = Series.UpstreamState()
    let range =
      services[service].firstReplica..<services[service].firstReplica
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
        switch links[link].breakerState {
        case .open?: state.open += 1
        case .halfOpen?: state.halfOpen += 1
        default: break
        }
      }
    }
    if known > 0 {
      state.away /= Double(known)
      state.open /= Double(known)
      state.halfOpen /= Double(known)
    }
    return state
  }
}
