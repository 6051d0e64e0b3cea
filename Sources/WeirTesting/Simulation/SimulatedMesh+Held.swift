import DataPath
import Primitives
import Resilience
import Upstreams

extension SimulatedMesh {
  /// What is still held once everyone has left and every clock has run out; empty: nothing is.
  package var held: [String] {
    var found: [String] = []
    func check(_ name: String, _ count: Int) { if count != 0 { found.append("\(name) \(count)") } }
    check("sockets", network.openSockets)
    check("client connections", worker.connectionCount)
    for use in DescriptorBudget.Use.allCases {
      check("descriptors of \(use)", descriptors.used(use))
    }
    check("buffer bytes", worker.pool.bytesLent)
    check("exchanges", gauge("weir_requests_active"))
    if let breaker = plan.policy?.breaker {
      check("probes of the route", breaker.machine.figures(now: network.time).probesInFlight)
    }
    if let budget = plan.policy?.hedgeBudget {
      check("active of the hedges' budget", budget.inFlight.requests)
      check("hedges", budget.inFlight.retries)
    }
    for upstream in plan.upstreams {
      for line in held(upstream) { found.append("\(upstream.name): \(line)") }
    }
    return found
  }

  private func held(_ plan: UpstreamPlan) -> [String] {
    var found: [String] = []
    func check(_ name: String, _ count: Int) { if count != 0 { found.append("\(name) \(count)") } }
    let state = plan.state
    check("connections", plan.limits.used(.connections))
    check("waiting", plan.limits.used(.pending))
    check("requests", plan.limits.used(.requests))
    check("places of the adaptive limit", state.limiter?.inFlight ?? 0)
    check("active of the retries' budget", state.budget.inFlight.requests)
    check("retries", state.budget.inFlight.retries)
    let now = network.time
    check("probes", state.breaker?.figures(now: now).probesInFlight ?? 0)
    for endpoint in state.endpoints {
      check(
        "probes of \(endpoint.identity)", endpoint.breaker?.figures(now: now).probesInFlight ?? 0)
    }
    if let upstream = worker.upstream(plan.name) {
      for endpoint in upstream.endpoints {
        check("in flight at \(endpoint.address)", upstream.inFlight(endpoint))
        check("connections to \(endpoint.address)", endpoint.connectionCount)
      }
    }
    let label = "{upstream=\"\(plan.name)\"}"
    for name in ["connections", "connections_idle", "requests_pending"] {
      check("gauge of \(name)", gauge("weir_upstream_\(name)\(label)"))
    }
    return found
  }

  private func gauge(_ series: String) -> Int {
    let line = metrics.split(separator: "\n").first { $0.hasPrefix(series + " ") }
    return line.flatMap { Int($0.dropFirst(series.count + 1)) } ?? -1
  }
}
