import Primitives
import ProxyConfiguration

/// The configuration in force, defaults included, as `/config` shows it.
enum ConfigurationView {
  static func json(_ configuration: Configuration) -> JSONValue {
    .object([
      ("admin", .text(configuration.adminAddress.map(\.description) ?? "none")),
      ("workers", configuration.workers.map { .number($0) } ?? .text("auto")),
      ("trusted_proxies", .list(configuration.trustedProxies.map { .text($0.description) })),
      (
        "limits",
        .object([
          ("connections", .number(configuration.connectionsMax)),
          ("buffers", .number(configuration.bufferBytesMax)),
        ])
      ),
      (
        "drain",
        .object([
          ("delay_ms", milliseconds(configuration.drainDelay)),
          ("timeout_ms", milliseconds(configuration.drainTimeout)),
        ])
      ),
      ("listeners", .list(configuration.listeners.map(listener))),
      ("upstreams", .object(configuration.upstreams.map { ($0.name, upstream($0)) })),
    ])
  }

  private static func milliseconds(_ duration: Duration?) -> JSONValue {
    duration.map { .number(Int($0.nanosecondsClamped / 1_000_000)) } ?? .text("off")
  }

  private static func listener(_ listener: ListenerConfiguration) -> JSONValue {
    .object([
      ("name", .text(listener.name)), ("address", .text(listener.address.description)),
      (
        "limits",
        .object([
          ("request_head", .number(listener.requestHeadBytesMax)),
          ("fields", .number(listener.fieldsMax)),
          ("request_target", .number(listener.targetBytesMax)),
          ("request_body", listener.requestBodyBytesMax.map { .number($0) } ?? .text("off")),
          (
            "requests_per_connection",
            listener.requestsPerConnectionMax.map { .number($0) } ?? .text("off")
          ),
        ])
      ),
      (
        "timeouts",
        .object([
          ("request_head_ms", milliseconds(listener.requestHeadTimeout)),
          ("idle_ms", milliseconds(listener.idleTimeout)),
          ("write_stall_ms", milliseconds(listener.writeStallTimeout)),
        ])
      ),
      ("routes", .list(listener.routes.map(route))),
    ])
  }

  private static func route(_ route: RouteConfiguration) -> JSONValue {
    .object([
      ("name", .text(route.name)), ("match", .text("\(route.path)")),
      ("action", .text("\(route.action)")), ("timeout_ms", milliseconds(route.timeout)),
      ("total_timeout_ms", milliseconds(route.totalTimeout)),
    ])
  }

  private static func upstream(_ upstream: UpstreamConfiguration) -> JSONValue {
    .object([
      (
        "endpoints",
        .list(
          upstream.endpoints.map {
            .object([("address", .text($0.address)), ("weight", .number($0.weight))])
          })
      ),
      ("balancing", .text(upstream.policy.rawValue)),
      (
        "limits",
        .object([
          ("connections", .number(upstream.connectionsMax)),
          ("pending", .number(upstream.pendingMax)), ("requests", .number(upstream.requestsMax)),
          ("idle_connections", .number(upstream.idleConnectionsMax)),
        ])
      ),
      (
        "timeouts",
        .object([
          ("connect_ms", milliseconds(upstream.connectTimeout)),
          ("pending_ms", milliseconds(upstream.pendingTimeout)),
          ("pool_idle_ms", milliseconds(upstream.poolIdle)),
          ("pool_age_ms", milliseconds(upstream.poolAge)),
          ("stream_idle_ms", milliseconds(upstream.streamIdleTimeout)),
        ])
      ),
    ])
  }
}
