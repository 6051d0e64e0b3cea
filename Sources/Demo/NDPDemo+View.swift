import ControlPlane
import Primitives

/// What is shown, put together from what the demo and the proxy know.
extension NDPDemo {
  var view: DemoView {
    let addresses = plane?.addresses
    var failures: [Int: Int] = [:]
    for each in traffic { failures.merge(each.failures, uniquingKeysWith: +) }
    let counts = rates.total
    return DemoView(
      proxy: addresses?.listeners["demo"]?.description ?? "",
      admin: addresses?.admin?.description ?? "", elapsedSeconds: elapsed,
      answered: traffic.reduce(0) { $0 + $1.successes },
      failed: traffic.reduce(0) { $0 + $1.failed },
      failures: failures.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
      reasons: rates.reasons, retries: counts.retries, hedges: counts.hedges,
      fallbacks: counts.fallbacks, ejections: events.ejections, openings: events.openings,
      services: DemoPlatform.services.indices.map(service), events: events.recent)
  }

  private func service(_ index: Int) -> DemoView.Service {
    let name = DemoPlatform.services[index].name
    let known = report?.upstreams.first { $0.name == name }
    let now = known?.now ?? Instant(nanoseconds: 0)
    var service = DemoView.Service(
      name: name, perSecond: 0, successesPerSecond: 0, rates: rates.rates(of: name),
      endpoints: endpoints[index].map { endpoint in
        DemoView.Endpoint(
          known?.endpoints.first { $0.counts.address == endpoint.address }, now: now,
          ills: endpoint.ills)
      })
    (service.breaker, service.breakerTone) = DemoView.words(known?.breaker, now: now)
    guard index < traffic.count else { return service }
    let own = traffic[index]
    service.totals = DemoView.Totals(
      answered: own.successes, failed: own.failed, counts: rates.total(of: name))
    service.history = histories[index]
    service.perSecond = own.lastSecond.successes + own.lastSecond.failures
    service.successesPerSecond = own.lastSecond.successes
    service.p50Microseconds = own.latencies.percentile(50)
    service.p99Microseconds = own.latencies.percentile(99)
    return service
  }
}
