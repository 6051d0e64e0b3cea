import Primitives
import Resilience

/// Keys of what a route does about failure, load and trust.
extension Schema {
  /// Names as the peers have them (Envoy's `x-envoy-retry-on` and `x-envoy-retry-grpc-on`).
  static let retry: [Key] = [
    Key(
      "attempts", .integer(1...10), default: "2",
      "Tries in total, the first included. Istio tries 2 more times; one layer of one retry is the least that helps."
    ),
    Key(
      "on",
      .list(.condition(RetryCondition.names, 400...599)),
      default: "connect-failure, refused-stream, reset",
      "What is tried again, where it is safe: what was not sent, or is idempotent by its method (RFC 9110 §9.2.2), or is let through below. Default: what Istio's names mean for a connection."
    ),
    Key(
      "per_try_timeout", .duration(.milliseconds(1) ... .seconds(86_400), mayBeOff: true),
      default: "off",
      "From an attempt's begin to its answer's head; then it is ended, and counts as `per-try-timeout`. Off, as in Envoy: the route's `timeout` bounds all of them."
    ),
    Key("backoff", .object(backoff), "The wait before a retry; any length up to its bound.")
      .holdingDefaults,
    Key(
      "non_idempotent", .boolean, default: "false",
      "Lets requests be tried again that may have been acted on, POST too. Off: a prescription is never dispensed twice; Traefik's `RetryNonIdempotentMethod` is off too."
    ),
    Key(
      "idempotency_key", .choice(["honoured"]),
      "honoured: the service acts once for each `Idempotency-Key`, so a request with one may be tried again. Left out: the field means nothing."
    ),
    Key(
      "body_buffer", .size(0...(64 << 20), mayBeOff: false), default: "64KiB",
      "Bytes of a body that are kept to be sent again. A larger body is sent once. Linkerd's bound."
    ),
    Key(
      "retry_after_max", .duration(.zero ... .seconds(86_400), mayBeOff: false), default: "300s",
      "The longest `Retry-After` that is waited for; a longer one ends the tries. Envoy's `max_interval` of rate-limited back-off."
    ),
  ]

  private static let backoff: [Key] = [
    Key(
      "base", .duration(.milliseconds(1) ... .seconds(60), mayBeOff: false), default: "25ms",
      "The bound of the first wait; it doubles each time. Envoy's base interval."),
    Key(
      "max", .duration(.milliseconds(1) ... .seconds(300), mayBeOff: false), default: "250ms",
      "The bound never grows above it. Envoy's: ten times the base."),
  ]

  static let hedge: [Key] = [
    Key(
      "percentile", .percentage(5_000...9_990, mayBeOff: false), default: "95%",
      "An attempt slower than this share of the others gets a second one beside it; the first answer wins. Dean and Barroso, The Tail at Scale (2013): the 95th costs 5 % more load."
    ),
    Key(
      "minimum_delay", .duration(.zero ... .seconds(60), mayBeOff: false), default: "5ms",
      "Never earlier than this, however fast the service is: below it a second attempt saves nothing over a network."
    ),
    Key(
      "budget", .percentage(1...10_000, mayBeOff: false), default: "5%",
      "Hedges in flight, as a share of requests in flight; one always may be. Default: the share that the percentile asks for."
    ),
  ]

  static let rateLimit: [Key] = [
    Key(
      "requests", .integer(1...1_000_000), isRequired: true,
      "Requests that pass in `per`. Above it: 429 with `Retry-After`."),
    Key(
      "per", .duration(.milliseconds(1) ... .seconds(3600), mayBeOff: false), default: "1s",
      "The time that `requests` are for. Traefik's `period`."),
    Key(
      "burst", .integer(1...1_000_000),
      "Requests that pass at once after a pause. Left out: `requests`, as Envoy's examples fill a bucket."
    ).derived { section, _ in section.integer("requests").map { .integer($0) } },
    Key(
      "by", .choice(["route", "source", "identity", "header"]), default: "route",
      "What has a bucket of its own: the route, each address of a client, each verified peer (its SPIFFE id, else its certificate's subject; requests without a certificate share one), or each value of `header`. Envoy's local limit is one for the route."
    ),
    Key(
      "header", .text("a field name"),
      "With `by: header`, the field. Requests without it share one."),
    Key(
      "keys", .integer(1...1_000_000), default: "10000",
      "Buckets that are kept; the one unused for longest makes room. Our own: more than a platform has tenants."
    ),
    PolicyMode.key,
  ]

  static let fallback: [Key] = [
    Key("upstream", .text("the name of an upstream"), "Another service is asked; once."),
    Key("respond", .object(respond), "A fixed answer."),
  ]

  static let fault: [Key] = [
    Key(
      "delay", .object(faultDelay), "Holds requests back before they are sent on. Left out: none."),
    Key("abort", .object(faultAbort), "Answers instead of the service. Left out: none."),
    Key("reset", .object(faultReset), "Cuts the client's connection. Left out: none."),
    Key("bandwidth", .object(faultBandwidth), "Slows the answer's body. Left out: none."),
    Key(
      "headers", .map("field names to values", .text("a value, or * for any")),
      "Only requests from `trusted_proxies` that carry all of these fields. Left out: any request."
    ),
  ]

  private static let faultShare = Schema.percentage(0...10_000, mayBeOff: false)

  private static let faultDelay: [Key] = [
    Key("share", faultShare, isRequired: true, "Requests that are held back."),
    Key(
      "duration", .duration(.milliseconds(1) ... .seconds(3600), mayBeOff: false),
      isRequired: true, "How long."),
  ]

  private static let faultAbort: [Key] = [
    Key("share", faultShare, isRequired: true, "Requests that are answered so."),
    Key(
      "status", .integer(200...599), default: "503",
      "The answer's status: what a service that is down looks like."),
  ]

  private static let faultReset: [Key] = [
    Key("share", faultShare, isRequired: true, "Requests whose connection is cut.")
  ]

  private static let faultBandwidth: [Key] = [
    Key("share", faultShare, default: "100%", "Answers that are slowed. Default: all."),
    Key(
      "bytes_per_second", .integer(1...1_000_000_000), isRequired: true,
      "The speed of each answer's body."),
  ]
}
