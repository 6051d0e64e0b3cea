import Primitives
import Upstreams

/// Keys of an upstream.
extension Schema {
  static let upstream: [Key] = [
    Key(
      "endpoints", .list(.either(.address(mayBeName: true), endpoint)), isRequired: true,
      "Where the service is. Host names are resolved again every `resolve_interval`."),
    Key("consul", .object([]), isBuilt: false, "Endpoints from Consul."),
    Key("dns", .object([]), isBuilt: false, "Endpoints from DNS."),
    Key("file", .text("a path"), isBuilt: false, "Endpoints from a file."),
    Key(
      "protocol", .choice(["auto", "http1", "http2", "tcp"]), default: "auto",
      "What is spoken there. `auto`: what an endpoint agrees to in the handshake of TLS (ALPN), HTTP/2 or HTTP/1.1, and HTTP/1.1 in plaintext; `http2`: nothing else, in plaintext by prior knowledge. Over HTTP/2 many requests share a connection. `tcp`: for listeners with `protocol: tcp`, a connection for each client's."
    ),
    Key("tls", .object(upstreamTLS), "TLS towards endpoints. Left out: plaintext."),
    Key("balancing", .object(balancing), "Which endpoint takes a request.").holdingDefaults,
    Key(
      "health_check", .object(healthCheck),
      "Asks endpoints whether they are well, once for the whole process. Left out: nobody asks, all are taken for well."
    ),
    Key(
      "circuit_breaker", .object(circuitBreaker),
      "Refuses while the service fails. Left out: none; `{}`: its defaults."),
    Key(
      "endpoint_circuit_breaker", .object(endpointCircuitBreaker),
      "Passes an endpoint over while it fails. Left out: none; `{}`: its defaults."),
    Key(
      "retry_budget", .object(retryBudget),
      "How many retries there may be, over all routes. It applies with its defaults when left out."
    ).holdingDefaults,
    Key(
      "outlier_detection", .object(outlierDetection),
      "Ejects endpoints that behave unlike the others. Left out: none; `{}`: its defaults."),
    Key(
      "adaptive_concurrency", .object(adaptiveConcurrency),
      "Requests in flight follow what the upstream is seen to carry. Left out: `limits.requests` alone."
    ),
    Key(
      "shedding", .object([PolicyMode.key]),
      "Whether the limits refuse lower classes of requests before they are full, where priorities differ."
    ).holdingDefaults,
    Key("limits", .object(upstreamLimits), "What the upstream may be asked to hold.")
      .holdingDefaults,
    Key("timeouts", .object(upstreamTimeouts), "How long it may take.").holdingDefaults,
    Key(
      "resolve_interval", .duration(.seconds(1) ... .seconds(86_400), mayBeOff: false),
      default: "30s",
      "How often host names are looked up again; the last good answer stays in use. Linkerd and Envoy go by the record's time to live, which getaddrinfo does not tell; 5 s to 30 s is usual."
    ),
  ]

  private static let endpoint: [Key] = [
    Key("address", .address(mayBeName: true), isRequired: true, "Address, or host:port."),
    Key("weight", .integer(1...1_000_000), default: "1", "Its share of requests."),
    Key("zone", .text("a zone"), "Where it stands. Left out: far from everybody."),
    Key(
      "priority", .integer(0...15), default: "0",
      "0 is asked first; a higher one when too few of the lower are well. Envoy's."),
    Key(
      "metadata", .map("names to values", .text("a value")),
      "What a route's `subset` goes by. Left out: none."),
  ]

  private static let hashed = Use.when("policy", ["ring_hash", "maglev"])
  private static let unhashed = Use.when(
    "policy", ["round_robin", "least_request", "peak_ewma", "random"])

  private static let balancing: [Key] = [
    Key(
      "policy", .choice(BalancingPolicy.allCases.map(\.rawValue)),
      default: "round_robin",
      "round_robin: smooth and weighted, as nginx. least_request: the less busy of two. peak_ewma: the faster and less busy of two. random: any. ring_hash, maglev: the same for the same `hash_on`."
    ),
    Key(
      "hash_on", .object(hashOn),
      "What is hashed; ring_hash and maglev need it, the others take none."
    ).used(hashed),
    Key(
      "bounded_load", .percentage(10_100...100_000, mayBeOff: true), default: "off",
      "With ring_hash and maglev: an endpoint takes at most this share of the mean load, and the next one the rest. Off, as in Envoy and HAProxy, whose guide has 125 % to 200 %."
    ).used(hashed),
    Key(
      "slow_start", .duration(.seconds(1) ... .seconds(3600), mayBeOff: true), default: "off",
      "The share of a new endpoint grows over this time; never at Weir's own start. Off, as in Envoy. Not with ring_hash and maglev: the home of a key must not move with the clock."
    ).used(unhashed),
    Key(
      "panic_threshold", .percentage(0...10_000, mayBeOff: false), default: "50%",
      "Where fewer endpoints are well, all are asked: the checks may be what is wrong. 0% is off. Envoy's."
    ),
    Key(
      "ring_size", .integer(16...8_388_608), default: "1024",
      "Places on the ring, at least; ring_hash alone takes it. Envoy's `minimum_ring_size`."
    ).used(.when("policy", ["ring_hash"])),
    Key(
      "zone_minimum_endpoints", .integer(1...100_000), default: "6",
      "Below that many endpoints zones are not regarded; ring_hash and maglev regard none. Envoy's `min_cluster_size`."
    ).used(unhashed),
  ]

  private static let hashOn: [Key] = [
    Key("header", .text("a field name"), "The value of that field."),
    Key("cookie", .text("the name of a cookie"), "The value of that cookie."),
    Key("source", .boolean, "The client's address."),
    Key(
      "identity", .boolean,
      "The verified peer: its SPIFFE id, else its certificate's subject. Requests without a certificate go anywhere."
    ),
    Key("path", .boolean, "The path, without its query."),
  ]

  private static let healthCheck: [Key] = [
    Key(
      "path", .text("a path that begins with /"),
      "What is asked for with GET. Left out: a TCP connection is enough."),
    Key(
      "interval", .duration(.milliseconds(100) ... .seconds(3600), mayBeOff: false),
      default: "10s", "From one check to the next. Consul's examples."),
    Key(
      "jitter", .percentage(0...10_000, mayBeOff: false), default: "15%",
      "How far an interval may be longer or shorter, so that proxies do not ask together. Envoy's adaptive limit spreads its probes as far."
    ),
    Key(
      "timeout", .duration(.milliseconds(10) ... .seconds(600), mayBeOff: false), default: "3s",
      "An answer that takes longer is a failure. Default: 3 s, or half the `interval` where that is shorter; a lost SYN is sent again after 1 s, so that Kubernetes' 1 s fails with it."
    ).derived { section, usual in
      guard case .duration(let usual?)? = usual, let interval = section.duration("interval") else {
        return usual
      }
      return .duration(min(usual, interval / 2))
    },
    Key(
      "healthy", .integer(1...100), default: "2",
      "Good answers in a row until it is well again; the first ever is enough. HAProxy's `rise`."),
    Key(
      "unhealthy", .integer(1...100), default: "3",
      "Bad ones in a row until it is not. HAProxy's `fall`."),
    Key("port", .integer(1...65_535), "Another port to ask. Left out: the endpoint's."),
    Key("host", .text("a host"), "The `Host` that is sent. Left out: the endpoint's address.").used(
      .with("path")),
    Key(
      "statuses", .list(.statuses), default: "200-299",
      "Statuses of a good answer. RFC 9110 §15.3."
    ).used(.with("path")),
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
    Key(
      "response_head", .size(1024...61_440, mayBeOff: false), default: "60KiB",
      "Bytes of an answer's head. Above it: 502 `response_head_too_large`. Envoy's `max_response_headers_kb`."
    ),
    Key(
      "fields", .integer(1...1000), default: "100",
      "Field lines of an answer's head. Above it: 502 `response_head_too_large`. Envoy's `max_headers_count`."
    ),
    Key(
      "pending_target", .duration(.milliseconds(1) ... .seconds(60), mayBeOff: true),
      default: "off",
      "A queue whose waits stay above it for `pending_interval` is shortened, newest first (RFC 8289). Off, as in Envoy; 5ms is what RFC 8289 begins with, 50ms suits services."
    ),
    Key(
      "pending_interval", .duration(.milliseconds(1) ... .seconds(60), mayBeOff: false),
      default: "100ms", "How long waits may stay above `pending_target`. RFC 8289 §4.2."),
    Key(
      "mode", .choice(PolicyMode.allCases.map(\.rawValue)), default: "enforced",
      "shadow: `requests` and `connections` are counted, in `weir_policy_would_refuse_total`, and not held to; nothing waits then, so that `pending` says nothing. The other keys of `limits` hold all the same."
    ),
  ]

  private static let upstreamTimeouts: [Key] = [
    Key(
      "connect", .duration(.milliseconds(1) ... .seconds(600), mayBeOff: false), default: "5s",
      "Above it: 504 `connect_timeout`. Default: Envoy's `connect_timeout`, and HAProxy's advice: above the 1 s and 3 s after which Linux sends a lost SYN again."
    ),
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
