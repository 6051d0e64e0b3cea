import DataPath
import Discovery
import HTTPServer
import Logging
import Primitives
import ProxyConfiguration
import Upstreams

/// The admin endpoints that ask the control queue; the others are `StatusPages`.
extension ControlPlane {
  typealias Done = @Sendable (ServerResponse) -> Void

  private static let endpoints =
    "GET /livez, GET /readyz, GET /metrics, GET /config, GET /upstreams, GET /routes, "
    + "GET /explain, "
    + "GET /explain/<request id>, GET /circuit-breakers, PUT /circuit-breakers/<upstream>, "
    + "POST /drain, PUT /log-level"
  private static let paths = [
    "/livez", "/readyz", "/metrics", "/config", "/upstreams", "/routes", "/explain",
    "/circuit-breakers",
    "/drain", "/log-level",
  ]

  func answer(_ request: ServerRequest, _ done: @escaping Done) {
    if !request.isRead, !isAllowed(request) { return done(Self.forbidden) }
    if request.isRead, let id = request.rest(behind: "/explain") {
      return explain(request, id, done)
    }
    switch (request.path, request.method) {
    case ("/config", _) where request.isRead: done(config(request))
    case ("/upstreams", _) where request.isRead: upstreams(request, done)
    case ("/routes", _) where request.isRead: routes(request, done)
    case ("/circuit-breakers", _) where request.isRead: done(breakers(request))
    case ("/drain", "POST"):
      stop(.admin)
      whenDrainIsKnown { done(.text("draining\n", status: 202)) }
    case ("/log-level", "PUT"): done(setLevel(request.body))
    default: done(other(request))
    }
  }

  private func isAllowed(_ request: ServerRequest) -> Bool {
    AdminOrigin.isAllowed(
      request.field("origin"), host: request.field("host"), hosts: configuration.adminHosts)
  }

  private static let forbidden = ServerResponse.text(
    "weir: a page of another origin may change nothing here; a page of this address may, where it was "
      + "loaded by an IP address, localhost or a name in admin.hosts\n", status: 403)

  /// What `admin.public` serves: nothing that shows the inside or changes anything.
  func answerPublic(_ request: ServerRequest, _ done: @escaping Done) {
    if statusPages.answer(request, done) { return }
    done(
      .text("weir: only GET /livez, GET /readyz and GET /metrics are served here\n", status: 404))
  }

  private func other(_ request: ServerRequest) -> ServerResponse {
    if request.method == "PUT", let upstream = request.rest(behind: "/circuit-breakers"),
      !upstream.isEmpty
    {
      return setBreakers(request, upstream)
    }
    guard Self.paths.contains(where: { request.rest(behind: $0) == "" }) else {
      return .text("weir: there are \(Self.endpoints)\n", status: 404)
    }
    return .text(
      "weir: not with \(request.method); there are \(Self.endpoints)\n", status: 405)
  }

  private func setLevel(_ body: String) -> ServerResponse {
    let name = body.filter { $0.isLetter }.lowercased()
    guard let level = Logger.Level(rawValue: name) else {
      let names = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
      return .text("weir: the body must be one of \(names)\n", status: 400)
    }
    let before = LevelledLog.level
    LevelledLog.level = level
    // Above the level in force, or nobody would see that it was raised.
    log.log(
      level: max(.notice, level), "the log level has changed",
      metadata: ["from": "\(before)", "to": "\(level)"])
    for handle in workers?.handles ?? [] {
      handle.post { $0.tellsRequests = level <= .debug }
    }
    return .text("log level \(name)\n")
  }

  private func config(_ request: ServerRequest) -> ServerResponse {
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
        ("configuration", configuration.document?.json ?? .null),
      ]))
  }
}
