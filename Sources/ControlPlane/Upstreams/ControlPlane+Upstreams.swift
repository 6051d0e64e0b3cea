import DataPath
import HTTPServer
import Primitives
import ProxyConfiguration
import Reactor
import Resilience
import Upstreams

/// `/upstreams`: every upstream as it stands.
extension ControlPlane {
  func upstreams(_ request: ServerRequest, _ done: @escaping Done) {
    workers?.ask(UpstreamView.all(of:)) { [self] views in
      let all = reports(UpstreamView.sum(views, now: kernel.now()))
      done(request.wantsText ? .text(UpstreamText.text(all)) : .json(UpstreamJSON.json(all)))
    }
  }

  func reports(_ views: [UpstreamView]) -> [UpstreamReport] {
    advanceBreakers()
    let now = kernel.now()
    var routes: [String: [KnownBreaker]] = [:]
    for known in builder.breakers(configuration) where known.scope == .route {
      for name in Set(known.upstreams) { routes[name, default: []].append(known) }
    }
    let settings = Dictionary(uniqueKeysWithValues: configuration.upstreams.map { ($0.name, $0) })
    return views.map { view in
      var report = UpstreamReport(view, now: now)
      if let state = builder.state(of: view.name) { report.fill(state) }
      if let settings = settings[view.name] {
        report.fill(settings, answers[view.name], causes: healthCauses[view.name] ?? [:])
      }
      report.routeBreakers = (routes[view.name] ?? []).map {
        ($0.subject, $0.breaker.figures(now: now))
      }
      return report
    }
  }
}
