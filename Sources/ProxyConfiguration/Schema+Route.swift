import Primitives
import Resilience

/// Keys of a route.
extension Schema {
  static let route: [Key] = [
    Key("name", .text("a name"), "The `route` label. Left out: the route's position, from 0."),
    Key("match", .object(match), isRequired: true, "What a request must look like."),
    Key("upstream", .text("the name of an upstream"), "Where matching requests go."),
    Key(
      "split", .list(.object(split)),
      "Several upstreams instead of one, in proportion to their weights; the same request id always goes to the same one."
    ),
    Key("redirect", .object(redirect), "An answer that sends the client elsewhere."),
    Key("respond", .object(respond), "A fixed answer."),
    authorization,
    Key("rewrite", .object(rewrite), "Changes the path that is forwarded."),
    Key("headers", .object(headers), "Changes the fields that are forwarded."),
    Key(
      "timeout", .duration(.milliseconds(1) ... .seconds(86_400), mayBeOff: true), default: "15s",
      "From the request's last byte to the answer's head, waiting, retries and back-off included. A deadline of `trusted_proxies` (`grpc-timeout`, `x-envoy-expected-rq-timeout-ms`) shortens it, never lengthens it. Above it: 504 `request_timeout`. Envoy's route timeout."
    ),
    Key(
      "total_timeout", .duration(.milliseconds(1) ... .seconds(86_400), mayBeOff: true),
      default: "off", "For the whole exchange. Above it: 504 `total_timeout`, or a cut answer."),
    Key("retry", .object(retry), "When a request is tried again. Left out: never, as in Envoy."),
    Key(
      "hedge", .object(hedge),
      "A second attempt beside a slow one, for requests that are idempotent by their method. Left out: none."
    ),
    Key(
      "rate_limit", .oneOrMany(.object(rateLimit)),
      "How many requests may come; each limit must let one through. Left out: any number."),
    Key(
      "priority", .choice(RequestPriority.allCases.reversed().map(\.name)), default: "normal",
      "The class of requests that name none: under overload low ones are refused first, critical ones last."
    ),
    Key(
      "circuit_breaker", .object(circuitBreaker),
      "Refuses while this route's calls fail; beside that of the upstream. Left out: none."),
    Key(
      "fallback", .object(fallback),
      "Used when the breaker of the route or of the upstream refuses, or no endpoint is there. Left out: 503."
    ),
    Key(
      "fault", .object(fault),
      "Faults that are put in on purpose, to see what they do. Left out: none."),
    Key(
      "subset", .map("names to values of endpoints' metadata", .text("a value")),
      "Only endpoints with all of that metadata are picked. Left out: all."),
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

  static let respond: [Key] = [
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
}
