import Primitives

/// Keys of a listener.
extension Schema {
  static let listener: [Key] = [
    Key("name", .text("a name"), isRequired: true, "The `listener` label of metrics and logs."),
    Key("address", .address(mayBeName: false), isRequired: true, "Where it accepts."),
    Schema.socketMode,
    Key(
      "protocol", .choice(["auto", "http", "tcp"]), default: "auto",
      "What is spoken there. `http`: HTTP/1.1 and 1.0, and HTTP/2 for clients that begin with its preface. `auto` finds out by itself, which is the same today. `tcp`: whatever it is, all connections go to `upstream` byte for byte ([TCP](tcp.md))."
    ),
    Key(
      "upstream", .text("the name of an upstream"),
      "Where the connections of a listener with `protocol: tcp` go, in place of `routes`; that upstream has `protocol: tcp` too."
    ),
    Key(
      "proxy_protocol", .boolean, default: "false",
      "A balancer in front says who is connected, by a header of the PROXY protocol, version 1 or 2, before everything else. It is taken from `trusted_proxies` only, and a connection without one is closed ([TCP](tcp.md#the-proxy-protocol))."
    ),
    Key("tls", .object(listenerTLS), "TLS towards clients. Left out: plaintext."),
    authorization,
    Key(
      "routes", .list(.object(route)), isRequired: true,
      "Tried in order; the first that matches takes the request. None matches: 404 `no_route`. Not given where `protocol` is `tcp`."
    ).unless("protocol", is: "tcp"),
    Key("limits", .object(listenerLimits), "What one request or connection may hold.")
      .holdingDefaults,
    Key("timeouts", .object(listenerTimeouts), "How long a client may take.").holdingDefaults,
    Key("request_body_rate", .object(bodyRate), "The least speed of a request's body.")
      .holdingDefaults,
    Key(
      "path_normalization", .object(pathNormalization),
      "How a path is made one spelling of itself before it is matched."
    ).holdingDefaults,
    Key(
      "answer_half_closed", .boolean, default: "false",
      "Answers a client that ends its direction behind its request (`nc -N`), as HAProxy does without `abortonclose`. By default it has left, as for nginx and Envoy: most are gone altogether, and their work is not to be done."
    ),
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

  private static let pathNormalization: [Key] = [
    Key(
      "merge_slashes", .boolean, default: "true",
      "Runs of `/` become one, as nginx's and Envoy's `merge_slashes`. Off: they stay, for services that tell them apart; a service that merges them itself may then take `//admin` for `/admin`, past a rule on that."
    )
  ]

  private static let bodyRate: [Key] = [
    Key(
      "bytes_per_second", .integer(0...1_000_000_000), default: "500",
      "A slower body is answered 408; 0: none is. Apache's mod_reqtimeout, `MinRate=500`."),
    Key(
      "window", .duration(.milliseconds(100) ... .seconds(3600), mayBeOff: false), default: "20s",
      "The time over which the speed is judged. Apache's mod_reqtimeout, `body=20`."),
  ]
}
