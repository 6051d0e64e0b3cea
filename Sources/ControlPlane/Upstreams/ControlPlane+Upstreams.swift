import DataPath
import Primitives
import ProxyConfiguration
import Reactor
import Resilience
import Upstreams

/// `/upstreams`: every upstream as it stands.
extension ControlPlane {
  func upstreams(_ request: AdminRequest, _ done: @escaping Done) {
    workers?.ask(UpstreamView.all(of:)) { [self] views in
      let all = reports(UpstreamView.sum(views))
      done(request.wantsText ? .text(UpstreamText.text(all)) : .json(UpstreamJSON.json(all)))
    }
  }

  func reports(_ views: [UpstreamView]) -> [UpstreamReport] {
    advanceBreakers()
    let now = kernel.now()
    let routes = builder.breakers(configuration).filter { $0.scope == .route }
    return views.map { view in
      var report = UpstreamReport(view, now: now)
      if let state = builder.state(of: view.name) { report.fill(state) }
      if let settings = configuration.upstreams.first(where: { $0.name == view.name }) {
        report.fill(settings, answers[view.name], causes: healthCauses[view.name] ?? [:])
      }
      report.routeBreakers = routes.filter { $0.upstreams.contains(view.name) }.map {
        ($0.subject, $0.breaker.figures(now: now))
      }
      return report
    }
  }
}
