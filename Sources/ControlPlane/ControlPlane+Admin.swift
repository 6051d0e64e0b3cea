import DataPath
import Discovery
import Dispatch
import Logging
import Primitives
import ProxyConfiguration
import Telemetry
import Upstreams

/// The admin endpoints.
extension ControlPlane {
  typealias Done = @Sendable (AdminResponse) -> Void

  private static let endpoints =
    "GET /livez, GET /readyz, GET /metrics, GET /config, GET /upstreams, POST /drain, PUT /log-level"

  func answer(_ request: AdminRequest, _ done: @escaping Done) {
    let isRead = request.method == "GET" || request.method == "HEAD"
    switch (request.path, request.method) {
    case ("/livez", _) where isRead: done(.text("alive\n"))
    case ("/readyz", _) where isRead: done(readiness)
    case ("/metrics", _) where isRead: metrics(request, done)
    case ("/config", _) where isRead: done(config(request))
    case ("/upstreams", _) where isRead: upstreams(request, done)
    case ("/drain", "POST"):
      drain()
      done(.text("draining\n", status: 202))
    case ("/log-level", "PUT"): done(setLevel(request.body))
    case ("/livez", _), ("/readyz", _), ("/metrics", _), ("/config", _), ("/upstreams", _),
      ("/drain", _), ("/log-level", _):
      done(.text("weir: not with \(request.method); there are \(Self.endpoints)\n", status: 405))
    default: done(.text("weir: there are \(Self.endpoints)\n", status: 404))
    }
  }

  /// A refused reload does not make it unready: what was good is still served (design rule 5).
  private var readiness: AdminResponse {
    guard phase == .serving else { return .text("not ready: \(phase.rawValue)\n", status: 503) }
    let faults = lastReloadFaults.map { "the last reload was refused: \($0)\n" }
    return .text("ready\n" + faults.joined())
  }

  private func setLevel(_ body: String) -> AdminResponse {
    let name = body.filter { $0.isLetter }.lowercased()
    guard let level = Logger.Level(rawValue: name) else {
      let names = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
      return .text("weir: the body must be one of \(names)\n", status: 400)
    }
    LevelledLog.level = level
    return .text("log level \(name)\n")
  }

  @Sendable private static func scrape(_ worker: Worker) -> [UInt64] { worker.scrape() }

  private func metrics(_ request: AdminRequest, _ done: @escaping Done) {
    let format: Exposition.Format = request.wantsOpenMetrics ? .openMetrics : .text
    let own = processMetrics?.scrape(logSink) ?? []
    workers?.ask(Self.scrape) { [self] shards in
      controlLoop?.scrape { [self] counted in
        queue.async { [self] in
          let all = shards + [own, counted]
          let text = Exposition.render(registry, shards: all, format: format)
          done(
            AdminResponse(status: 200, contentType: format.contentType, body: Array(text.utf8)))
        }
      }
    }
  }

  private func config(_ request: AdminRequest) -> AdminResponse {
    let faults = lastReloadFaults
    if request.wantsText {
      var text = "file \(file.path), reloads \(reloads), version \(Self.version)\n"
      for fault in faults { text += "last reload refused: \(fault)\n" }
      for listener in configuration.listeners {
        let address = bound[Self.key(listener)] ?? listener.address
        text += "listener \(listener.name) \(address)\n"
        for route in listener.routes {
          text += "  route \(route.name): \(RouteView.line(route))\n"
        }
      }
      return .text(text)
    }
    return .json(
      .object([
        ("version", .text(Self.version)), ("file", .text(file.path)),
        ("reloads", .number(reloads)),
        ("last_reload_faults", .list(faults.map { .text($0) })),
        ("configuration", ConfigurationView.json(configuration)),
      ]))
  }

  private func upstreams(_ request: AdminRequest, _ done: @escaping Done) {
    workers?.ask(UpstreamView.all(of:)) { [self] views in
      let all = UpstreamView.sum(views)
      done(request.wantsText ? .text(UpstreamText.table(all, limits)) : .json(upstreamJSON(all)))
    }
  }

  func limits(_ name: String) -> String {
    guard let limits = builder.limits(of: name) else { return "" }
    return "connections \(limits.used(.connections))/\(limits.most(.connections))"
      + ", pending \(limits.used(.pending))/\(limits.most(.pending))"
      + ", requests \(limits.used(.requests))/\(limits.most(.requests))"
  }

  private func upstreamJSON(_ views: [UpstreamView]) -> JSONValue {
    .object(
      views.map { view in
        var members: [(String, JSONValue)] = [
          (
            "endpoints",
            .list(
              view.endpoints.map {
                .object([
                  ("address", .text($0.address)), ("connections", .number($0.connections)),
                  ("idle", .number($0.idle)), ("in_flight", .number($0.inFlight)),
                ])
              })
          )
        ]
        if let limits = builder.limits(of: view.name) {
          for (name, resource) in [
            ("connections", .connections), ("pending", .pending), ("requests", .requests),
          ] as [(String, ResourceLimits.Resource)] {
            members.append(
              (
                name,
                .object([
                  ("used", .number(limits.used(resource))),
                  ("most", .number(limits.most(resource))),
                ])
              ))
          }
        }
        let failed = answers[view.name]?.failedNames ?? []
        if !failed.isEmpty { members.append(("unresolved", .list(failed.map { .text($0) }))) }
        return (view.name, .object(members))
      })
  }
}
