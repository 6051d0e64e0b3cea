import HTTPServer
import ProxyConfiguration

/// `/routes`: what every route has done.
extension ControlPlane {
  func routes(_ request: ServerRequest, _ done: @escaping Done) {
    statusPages.scrape { totals in
      let all = RouteReport.all(totals)
      guard request.wantsText else { return done(.json(.list(all.map(\.json)))) }
      done(
        .text(
          all.isEmpty
            ? "no route has had a request yet\n" : all.map { $0.text + "\n" }.joined()))
    }
  }
}
