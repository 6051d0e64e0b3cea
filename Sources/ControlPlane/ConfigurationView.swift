import Primitives
import ProxyConfiguration

/// The configuration in force, defaults included, as `/config` shows it: in the file's own keys and
/// spelling, so that it is itself a file that means the same.
package enum ConfigurationView {
  package static func json(_ configuration: Configuration) -> JSONValue {
    var members: [(String, JSONValue)] = []
    if let workers = configuration.workers { members.append(("workers", .number(workers))) }
    if let admin = configuration.adminAddress {
      var entries = [("address", text("\(admin)"))] + socketMode(configuration.adminSocketMode)
      if let shared = configuration.adminPublic { entries.append(("public", text("\(shared)"))) }
      if !configuration.adminHosts.isEmpty {
        entries.append(("hosts", .list(configuration.adminHosts.map(text))))
      }
      members.append(("admin", .object(entries)))
    }
    if let source = configuration.clientAddress {
      members.append(("client_address", text(source.rawValue)))
    }
    if let zone = configuration.zone { members.append(("zone", text(zone))) }
    members += [
      ("priority_header", text(configuration.priorityHeader)),
      ("trusted_proxies", .list(configuration.trustedProxies.map { text("\($0)") })),
      (
        "limits",
        .object([
          ("connections", .number(configuration.connectionsMax)),
          ("buffers", size(configuration.bufferBytesMax)),
        ])
      ),
      (
        "drain",
        .object([
          ("delay", duration(configuration.drainDelay)),
          ("timeout", duration(configuration.drainTimeout)),
        ])
      ),
      ("telemetry", telemetry(configuration)),
      ("listeners", .list(configuration.listeners.map(listener))),
      (
        "upstreams",
        .object(configuration.upstreams.map { ($0.name, UpstreamSettingsView.json($0)) })
      ),
    ]
    return .object(members)
  }

  private static func telemetry(_ configuration: Configuration) -> JSONValue {
    var members: [(String, JSONValue)] = []
    if let log = configuration.accessLog {
      var entries: [(String, JSONValue)] = [
        ("path", text(log.path)), ("sample", .number(log.sample)),
      ]
      for (name, fields) in [
        ("request_headers", log.requestHeaders), ("response_headers", log.responseHeaders),
      ] where !fields.isEmpty {
        entries.append((name, .list(fields.map(text))))
      }
      members.append(("access_log", .object(entries)))
    }
    members.append(("log", .object([("format", .text(configuration.logFormat.rawValue))])))
    if let instance = configuration.instance { members.append(("instance", text(instance))) }
    members.append(
      (
        "explain",
        .object([
          ("slow", duration(configuration.explainSlow)),
          ("entries", .number(configuration.explainEntries)),
          ("request_id", .boolean(configuration.marksErrors)),
        ])
      ))
    members.append(
      ("metrics", .object([("endpoints", .number(configuration.endpointMetricsMax))])))
    var forms: [JSONValue] = []
    if configuration.propagatesW3C { forms.append(.text("w3c")) }
    if configuration.propagatesB3 { forms.append(.text("b3")) }
    members.append(("tracing", .object([("propagate", .list(forms))])))
    members.append(("via", .boolean(configuration.addsVia)))
    return .object(members)
  }

  private static func listener(_ listener: ListenerConfiguration) -> JSONValue {
    let socket: [(String, JSONValue)] =
      [("name", text(listener.name)), ("address", text("\(listener.address)"))]
      + socketMode(listener.socketMode)
    return .object(
      socket + [
        ("answer_half_closed", .boolean(listener.answersHalfClosed)),
        (
          "path_normalization", .object([("merge_slashes", .boolean(listener.mergesSlashes))])
        ),
        (
          "limits",
          .object([
            ("request_head", size(listener.requestHeadBytesMax)),
            ("fields", .number(listener.fieldsMax)),
            ("request_target", size(listener.targetBytesMax)),
            ("request_body", size(listener.requestBodyBytesMax)),
            (
              "requests_per_connection", count(listener.requestsPerConnectionMax)
            ),
          ])
        ),
        (
          "timeouts",
          .object([
            ("request_head", duration(listener.requestHeadTimeout)),
            ("idle", duration(listener.idleTimeout)),
            ("write_stall", duration(listener.writeStallTimeout)),
          ])
        ),
        (
          "request_body_rate",
          .object([
            ("bytes_per_second", .number(listener.bodyBytesPerSecondMin)),
            ("window", duration(listener.bodyRateWindow)),
          ])
        ),
        ("routes", .list(listener.routes.map(RouteView.json))),
      ])
  }

  private static func socketMode(_ mode: Int?) -> [(String, JSONValue)] {
    mode.map { [("socket_mode", .text(Scalars.text(octal: $0)))] } ?? []
  }

  // MARK: Values

  /// A dollar sign would begin a variable.
  static func text(_ text: String) -> JSONValue {
    .text(text.split(separator: "$", omittingEmptySubsequences: false).joined(separator: "$$"))
  }

  static func duration(_ duration: Duration?) -> JSONValue {
    duration.map { .text(Scalars.text($0)) } ?? .text("off")
  }

  static func count(_ count: Int?) -> JSONValue {
    count.map { .number($0) } ?? .text("off")
  }

  static func share(_ share: Share?) -> JSONValue {
    share.map { percentage(Int($0.basisPoints)) } ?? .text("off")
  }

  static func percentage(_ basisPoints: Int?) -> JSONValue {
    basisPoints.map { .text(Scalars.text(basisPoints: $0)) } ?? .text("off")
  }

  static func statuses(_ ranges: [ClosedRange<Int>]) -> JSONValue {
    .list(ranges.map { .text(Scalars.text($0)) })
  }

  static func fields(_ fields: [RouteConfiguration.Field]) -> JSONValue {
    .object(fields.map { ($0.name, text($0.value)) })
  }

  static func size(_ bytes: Int?) -> JSONValue {
    bytes.map { .text(Scalars.text(bytes: $0)) } ?? .text("off")
  }
}
