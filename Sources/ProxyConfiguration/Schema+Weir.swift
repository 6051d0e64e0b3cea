import Primitives

/// Weir's keys.
extension Schema {
  static let weir: [Key] = [
    Key(
      "workers", .integer(1...64),
      "Loops that serve traffic. Left out: the cgroup's processor quota, else the processors."),
    Key("admin", .object(admin), "The admin listener. Left out: there is none."),
    Key(
      "listeners", .list(.object(listener)), isRequired: true,
      "Where Weir accepts connections, and its routes."),
    Key(
      "upstreams", .map("upstreams by name", .object(upstream)),
      "The services that routes lead to. Left out: none, for routes that answer by themselves."),
    Key(
      "trusted_proxies", .list(.cidr), default: "127.0.0.0/8, ::1",
      "Whose forwarded fields and request ids are believed. Default: loopback, the application beside us. A peer on a Unix-domain socket always is."
    ),
    Key("limits", .object(limits), "What the whole process may hold."),
    Key("drain", .object(drain), "How Weir stops."),
    Key("telemetry", .object(telemetry), "Log and tracing."),
    Key("consul", .object([]), isBuilt: false, "Where Consul is."),
    Key("identity", .object([]), isBuilt: false, "Where certificates come from."),
    Key("sidecar", .object([]), isBuilt: false, "The short form for one workload."),
  ]

  private static let admin: [Key] = [
    Key(
      "address", .address(mayBeName: false), isRequired: true,
      "Where the admin endpoints are served; not for the outside.")
  ]

  private static let limits: [Key] = [
    Key(
      "connections", .integer(1...1_000_000), default: "20000",
      "Connections of clients. Above it: 503 `downstream_connections_exceeded`. A share of the usual descriptor limit; HAProxy derives its `maxconn` from that too."
    ),
    Key(
      "buffers", .size((1 << 20)...(64 << 30), mayBeOff: false), default: "256MiB",
      "Buffer memory of all connections. Above it: 503 `buffer_budget_exceeded`. Envoy's edge guide sheds by heap size; 256 MiB hold 4,000 large bodies in flight."
    ),
  ]

  private static let drain: [Key] = [
    Key(
      "delay", .duration(.zero ... .seconds(300), mayBeOff: false), default: "5s",
      "After SIGTERM, how long connections are still accepted while /readyz fails already, so that balancers look away first. SIGINT does not wait."
    ),
    Key(
      "timeout", .duration(.seconds(1) ... .seconds(3600), mayBeOff: false), default: "25s",
      "After SIGTERM, when what is left is cut; the delay is part of it. Default: below Kubernetes' 30 s."
    ),
  ]

  private static let telemetry: [Key] = [
    Key("access_log", .object(accessLog), "One line of JSON a request. Left out: no log."),
    Key("tracing", .object(tracing), "Trace fields that are sent on."),
    Key(
      "via", .boolean, default: "false",
      "Adds `Via` to requests that are forwarded (RFC 9110 §7.6.3). Off, as in Envoy."),
  ]

  private static let accessLog: [Key] = [
    Key(
      "path", .text("a path, or - for standard output"), default: "-",
      "The file; it is opened anew on SIGUSR1."),
    Key(
      "sample", .integer(0...1_000_000), default: "1",
      "One of this many requests is logged, failed ones always; 0: none."),
  ]

  private static let tracing: [Key] = [
    Key(
      "propagate", .list(.choice(["w3c", "b3"])), default: "w3c",
      "Which trace fields are sent to endpoints. Accepted are W3C's and both forms of B3, always.")
  ]

  private static let listener: [Key] = [
    Key("name", .text("a name"), isRequired: true, "The `listener` label of metrics and logs."),
    Key("address", .address(mayBeName: false), isRequired: true, "Where it accepts."),
    Key(
      "protocol", .choice(["http"], later: ["auto", "tcp"]), default: "http",
      "What is spoken there: HTTP/1.1 and 1.0."),
    Key("proxy_protocol", .boolean, isBuilt: false, "PROXY protocol of a balancer in front."),
    Key("tls", .object([]), isBuilt: false, "TLS towards clients."),
    Key(
      "routes", .list(.object(route)), isRequired: true,
      "Tried in order; the first that matches takes the request. None matches: 404 `no_route`."),
    Key("limits", .object(listenerLimits), "What one request or connection may hold."),
    Key("timeouts", .object(listenerTimeouts), "How long a client may take."),
    Key("request_body_rate", .object(bodyRate), "The least speed of a request's body."),
  ]

  private static let listenerLimits: [Key] = [
    Key(
      "request_head", .size(1024...61_440, mayBeOff: false), default: "60KiB",
      "Bytes of a request's head. Above it: 431. Envoy's `max_request_headers_kb`."),
    Key(
      "fields", .integer(1...1000), default: "100",
      "Field lines of a head. Above it: 431. Envoy's `max_headers_count`."),
    Key(
      "request_target", .size(64...61_440, mayBeOff: false), default: "8KiB",
      "Bytes of a request's target. Above it: 414. nginx's `large_client_header_buffers`."),
    Key(
      "request_body", .size(0...(1 << 50), mayBeOff: true), default: "off",
      "Bytes of a request's body. Above it: 413. Off, as in Envoy: a sidecar does not know what its service takes."
    ),
    Key(
      "requests_per_connection", .count(1...1_000_000_000), default: "off",
      "Requests after which a connection is closed. Off, as in Envoy."),
  ]

  private static let listenerTimeouts: [Key] = [
    Key(
      "request_head", .duration(.milliseconds(100) ... .seconds(3600), mayBeOff: false),
      default: "10s",
      "From a head's first byte to its last. Above it: 408. HAProxy's guide for `timeout http-request`."
    ),
    Key(
      "idle", .duration(.milliseconds(100) ... .seconds(86_400), mayBeOff: false), default: "75s",
      "A connection without a request is closed. nginx's `keepalive_timeout`."),
    Key(
      "write_stall", .duration(.milliseconds(100) ... .seconds(3600), mayBeOff: false),
      default: "60s", "A client that takes no byte of its answer is cut. nginx's `send_timeout`."),
  ]

  private static let bodyRate: [Key] = [
    Key(
      "bytes_per_second", .integer(0...1_000_000_000), default: "500",
      "A slower body is answered 408; 0: none is. Apache's mod_reqtimeout, `MinRate=500`."),
    Key(
      "window", .duration(.milliseconds(100) ... .seconds(3600), mayBeOff: false), default: "20s",
      "The time over which the speed is judged. Apache's mod_reqtimeout, `body=20`."),
  ]

  private static let route: [Key] = [
    Key("name", .text("a name"), "The `route` label. Left out: the route's position, from 0."),
    Key("match", .object(match), isRequired: true, "What a request must look like."),
    Key("upstream", .text("the name of an upstream"), "Where matching requests go."),
    Key(
      "split", .list(.object(split)),
      "Several upstreams instead of one, in proportion to their weights; the same request id always goes to the same one."
    ),
    Key("redirect", .object(redirect), "An answer that sends the client elsewhere."),
    Key("respond", .object(respond), "A fixed answer."),
    Key("rewrite", .object(rewrite), "Changes the path that is forwarded."),
    Key("headers", .object(headers), "Changes the fields that are forwarded."),
    Key(
      "timeout", .duration(.milliseconds(1) ... .seconds(86_400), mayBeOff: true), default: "15s",
      "From the request's last byte to the answer's head, waiting included. Above it: 504 `request_timeout`. Envoy's route timeout."
    ),
    Key(
      "total_timeout", .duration(.milliseconds(1) ... .seconds(86_400), mayBeOff: true),
      default: "off", "For the whole exchange. Above it: 504 `total_timeout`, or a cut answer."),
    Key("retry", .object([]), isBuilt: false, "When a request is tried again."),
  ]

  private static let match: [Key] = [
    Key(
      "prefix", .text("a path that begins with /"),
      "Paths below it, on segment boundaries: /fhir takes /fhir/x, not /fhirx."),
    Key("path", .text("a path that begins with /"), "This path and no other."),
    Key(
      "regex", .text("a regular expression (PCRE2)"),
      "Paths that match as a whole. A match is bounded in its steps; where those run out no later route is tried: 500 `route_match_limit`."
    ),
    Key("method", .list(.text("a method")), "One of these. Left out: any."),
    Key(
      "host", .list(.text("a host name, or *. and a name")),
      "One of these; *.ndp.test takes every name below. Left out: any."),
    Key(
      "headers", .map("field names to values", .text("a value, or * for any")),
      "All of these fields, each with that value; * asks only that it is there."),
  ]

  private static let split: [Key] = [
    Key("upstream", .text("the name of an upstream"), isRequired: true, "Where this share goes."),
    Key("weight", .integer(0...1_000_000), isRequired: true, "Its share of the sum of weights."),
  ]

  private static let redirect: [Key] = [
    Key("scheme", .choice(["http", "https"]), "Left out: http."),
    Key("host", .text("a host, and perhaps a port"), "Left out: the request's."),
    Key("path", .text("a path that begins with /"), "Left out: the request's."),
    Key(
      "status", .integer(301...308), default: "308",
      "301, 302, 303, 307 or 308. 308 keeps the method (RFC 9110 §15.4.9)."),
  ]

  private static let respond: [Key] = [
    Key("status", .integer(200...599), default: "200", "The answer's status."),
    Key(
      "body", .text("a text of at most 32 KiB"), default: "",
      "The answer's body. None with 204, 205 and 304."),
    Key(
      "content_type", .text("a media type"), default: "text/plain; charset=utf-8",
      "The body's type."),
  ]

  private static let rewrite: [Key] = [
    Key(
      "prefix", .text("a path that begins with /"), isRequired: true,
      "Replaces what `match` found: its prefix or its path.")
  ]

  private static let headers: [Key] = [
    Key("request", .object(edits), "In the request."),
    Key("response", .object(edits), "In the answer."),
  ]

  private static let edits: [Key] = [
    Key("set", .map("field names to values", .text("a value")), "Replaces fields of that name."),
    Key("add", .map("field names to values", .text("a value")), "Adds a line."),
    Key("remove", .list(.text("a field name")), "Drops fields of that name."),
  ]

  private static let upstream: [Key] = [
    Key(
      "endpoints", .list(.either(.address(mayBeName: true), endpoint)), isRequired: true,
      "Where the service is. Host names are resolved again every `resolve_interval`."),
    Key("consul", .object([]), isBuilt: false, "Endpoints from Consul."),
    Key("dns", .object([]), isBuilt: false, "Endpoints from DNS."),
    Key("file", .text("a path"), isBuilt: false, "Endpoints from a file."),
    Key(
      "protocol", .choice(["http1"], later: ["http2", "auto", "tcp"]), default: "http1",
      "What is spoken there."),
    Key("tls", .object([]), isBuilt: false, "TLS towards endpoints."),
    Key("balancing", .object(balancing), "Which endpoint takes a request."),
    Key("health_check", .object([]), isBuilt: false, "Asks endpoints whether they are well."),
    Key("circuit_breaker", .object([]), isBuilt: false, "Refuses while the service fails."),
    Key(
      "endpoint_circuit_breaker", .object([]), isBuilt: false, "Refuses while an endpoint fails."),
    Key("retry_budget", .object([]), isBuilt: false, "How many retries there may be."),
    Key("outlier_detection", .object([]), isBuilt: false, "Ejects endpoints that misbehave."),
    Key("limits", .object(upstreamLimits), "What the upstream may be asked to hold."),
    Key("timeouts", .object(upstreamTimeouts), "How long it may take."),
    Key(
      "resolve_interval", .duration(.seconds(1) ... .seconds(86_400), mayBeOff: false),
      default: "30s",
      "How often host names are looked up again; the last good answer stays in use. Linkerd and Envoy go by the record's time to live, which getaddrinfo does not tell; 5 s to 30 s is usual."
    ),
  ]

  private static let endpoint: [Key] = [
    Key("address", .address(mayBeName: true), isRequired: true, "Address, or host:port."),
    Key("weight", .integer(1...1_000_000), default: "1", "Its share of requests."),
    Key("zone", .text("a zone"), isBuilt: false, "Where it stands."),
  ]

  private static let balancing: [Key] = [
    Key(
      "policy",
      .choice(
        ["round_robin", "least_request"],
        later: ["peak_ewma", "random", "ring_hash", "maglev"]), default: "round_robin",
      "round_robin: smooth and weighted, as nginx. least_request: the less busy of two.")
  ]

  private static let upstreamLimits: [Key] = [
    Key(
      "connections", .integer(1...1_000_000), default: "1024",
      "Connections to all endpoints; above it requests wait. Envoy's `max_connections`."),
    Key(
      "pending", .integer(0...1_000_000), default: "1024",
      "Requests that wait. Above it: 503 `pending_overflow`. Envoy's `max_pending_requests`."),
    Key(
      "requests", .integer(1...1_000_000), default: "1024",
      "Requests in flight. Above it: 503 `requests_exceeded`. Envoy's `max_requests`."),
    Key(
      "idle_connections", .integer(0...100_000), default: "128",
      "Idle connections kept for each endpoint and worker. nginx's guide has `keepalive 32`."),
  ]

  private static let upstreamTimeouts: [Key] = [
    Key(
      "connect", .duration(.milliseconds(1) ... .seconds(600), mayBeOff: false), default: "1s",
      "Above it: 504 `connect_timeout`. Linkerd's outbound connect timeout."),
    Key(
      "pending", .duration(.milliseconds(1) ... .seconds(600), mayBeOff: false), default: "3s",
      "How long a request waits for a connection. Above it: 503 `pending_timeout`. Linkerd fails fast after 1 to 3 s."
    ),
    Key(
      "pool_idle", .duration(.milliseconds(50) ... .seconds(86_400), mayBeOff: false),
      default: "4s", "Idle connections are closed. Default: below the 5 s of Node.js."),
    Key(
      "pool_age", .duration(.seconds(1) ... .seconds(86_400), mayBeOff: true), default: "off",
      "Connections older than this are not kept."),
    Key(
      "stream_idle", .duration(.milliseconds(10) ... .seconds(86_400), mayBeOff: false),
      default: "5m",
      "No byte either way. Above it: 504 `stream_idle_timeout`, or a cut answer. Envoy's `stream_idle_timeout`."
    ),
  ]
}
