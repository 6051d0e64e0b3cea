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
      "trusted_proxies", .list(.peer), default: "127.0.0.0/8, ::1",
      "Whose forwarded fields, request ids, deadlines, priorities and fault fields are believed: blocks of addresses, and of peers with a certificate that was verified SPIFFE ids, `spiffe://domain/path/*` or `spiffe://domain/*`. Default: loopback, the application beside us. A peer on a Unix-domain socket always is."
    ),
    Key(
      "client_address", .choice(["x-forwarded-for", "forwarded", "peer"]),
      "Which field of `trusted_proxies` says who the client is, for `by: source`, `hash_on`, the log and `explain`: the first address from its right that is not one of theirs. The other field is made anew, since a proxy that writes one of them (Traefik: `X-Forwarded-For`) passes on what its client wrote into the other. `peer`: none, the client is who is connected. Left out: `X-Forwarded-For` where it is there, else `Forwarded`."
    ),
    Key(
      "zone", .text("a zone"),
      "The zone that this proxy stands in; endpoints of the same are asked first. Left out: none is near."
    ),
    Key(
      "priority_header", .text("a field name"), default: "x-weir-priority",
      "The field in which `trusted_proxies` name a request's class: critical, high, normal or low. It goes before the route's `priority`. Our own name: peers have none."
    ),
    Key("limits", .object(limits), "What the whole process may hold.").holdingDefaults,
    Key("drain", .object(drain), "How Weir stops.").holdingDefaults,
    Key("telemetry", .object(telemetry), "Log and tracing.").holdingDefaults,
    Key("consul", .object([]), isBuilt: false, "Where Consul is."),
    Key("identity", .object([]), isBuilt: false, "Where certificates come from."),
    Key("sidecar", .object([]), isBuilt: false, "The short form for one workload."),
  ]

  private static let admin: [Key] = [
    Key(
      "address", .address(mayBeName: false), isRequired: true,
      "Where the admin endpoints are served; not for the outside."),
    Key(
      "public", .address(mayBeName: false),
      "Where `GET /livez`, `GET /readyz` and `GET /metrics` are served and nothing else, for kubelet and Prometheus on the pod's address. Left out: nowhere."
    ),
    Key(
      "hosts", .list(.text("a host name")),
      "Names by which a browser may have loaded a page of this address that changes something; IP addresses and localhost always may. A page of any other origin is answered 403."
    ),
    socketMode,
  ]

  static let socketMode = Key(
    "socket_mode", .text("an octal mode such as \"0660\""),
    "Who may connect to a Unix-domain socket: its file's mode, set before the first connection is taken. Left out: what the process' umask leaves of 0777, as nginx and HAProxy without `mode`."
  )

  private static let limits: [Key] = [
    Key(
      "connections", .integer(1...1_000_000), default: "20000",
      "Connections of clients; fewer where the descriptor limit leaves less, which a warning says. Above it the longest idle one makes room, else: 503 `downstream_connections_exceeded`. HAProxy derives its `maxconn` from the descriptors too."
    ),
    Key(
      "buffers", .size((1 << 20)...(64 << 30), mayBeOff: false), default: "256MiB",
      "Buffer memory of all connections. Above it: 503 `buffer_budget_exceeded`. Envoy's edge guide sheds by heap size; 256 MiB hold 4,000 large bodies in flight."
    ),
  ]

  private static let drain: [Key] = [
    Key(
      "delay", .duration(.zero ... .seconds(300), mayBeOff: false), default: "5s",
      "After SIGTERM, how long connections are still accepted while /readyz fails already and answers say `Connection: close`, so that balancers and clients look away first. SIGINT does not wait."
    ),
    Key(
      "timeout", .duration(.seconds(1) ... .seconds(3600), mayBeOff: false), default: "25s",
      "After SIGTERM, when what is left is cut; the delay is part of it. Default: below Kubernetes' 30 s."
    ),
  ]

  private static let telemetry: [Key] = [
    Key("access_log", .object(accessLog), "One line of JSON a request. Left out: no log."),
    Key("log", .object(log), "Weir's own log, on standard error.").holdingDefaults,
    Key(
      "instance", .text("a name"),
      "What this proxy is called in its access log. Left out: the host's name, which in Kubernetes is the pod's."
    ),
    Key("explain", .object(explain), "What is kept of single requests, for `/explain`.")
      .holdingDefaults,
    Key("metrics", .object(metrics), "What `/metrics` shows beyond the usual.").holdingDefaults,
    Key("tracing", .object(tracing), "Trace fields that are sent on.").holdingDefaults,
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
    Key(
      "request_headers", .list(.text("a field name")),
      "Fields of requests that are logged, at most 8, each value up to 128 bytes. Fields that hold credentials are refused."
    ),
    Key("response_headers", .list(.text("a field name")), "The same of services' answers."),
  ]

  private static let log: [Key] = [
    Key(
      "format", .choice(Configuration.LogFormat.allCases.map(\.rawValue)), default: "logfmt",
      "logfmt: `time=… level=… msg=\"…\"` and then `key=value`, as Grafana's tools read it. json: an object a line with the same names."
    )
  ]

  private static let explain: [Key] = [
    Key(
      "slow", .duration(.milliseconds(1) ... .seconds(3600), mayBeOff: true), default: "1s",
      "A request that takes this long is kept; failed and retried ones always are. Default: where a person's flow of thought breaks (Nielsen, Usability Engineering, 1993)."
    ),
    Key(
      "entries", .integer(0...65_536), default: "256",
      "Requests that each worker keeps, the latest; about 1 KiB each. 0: none. Default: some minutes of an outage at one failure a second, in a quarter of a MiB."
    ),
    Key(
      "request_id", .boolean, default: "false",
      "Adds `X-Request-ID` to a service's own answers of 500 and above that carry none, so that who was answered can ask `weir explain`; Weir's own answers always have it. Off: a service's answers pass as they are."
    ),
  ]

  private static let metrics: [Key] = [
    Key(
      "endpoints", .integer(0...10_000), default: "0",
      "So many endpoints, the first of the file, have metrics of their own, `weir_endpoint_*`; what the others count is added up as `overflow`. 0: none has, as in Envoy, since each endpoint makes a dozen series."
    )
  ]

  private static let tracing: [Key] = [
    Key(
      "propagate", .list(.choice(["w3c", "b3"])), default: "w3c",
      "Which trace fields are sent to endpoints. Accepted are W3C's and both forms of B3, always.")
  ]
}
