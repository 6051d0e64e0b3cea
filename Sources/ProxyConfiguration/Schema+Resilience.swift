import Primitives

/// Keys of the circuit breaker, the retry budget, the outlier detector and the adaptive limit.
extension Schema {
  /// The keys of the breakers of upstreams and routes, which go by rates.
  static let circuitBreaker = breaker(
    consecutiveFailures: "off",
    "Opens after that many failures in a row, whatever the rates. Off: the sources of such counts, Finagle's failure accrual and Envoy's `consecutive_5xx`, are about one endpoint; a service of which half the calls always fail would be shut off by the first row of them."
  )

  static let endpointCircuitBreaker = breaker(
    consecutiveFailures: "5",
    "Opens after that many failures in a row, whatever the rates. Finagle's failure accrual, and Envoy's `consecutive_5xx`."
  )

  /// `consecutiveFailures`: the default, and why.
  private static func breaker(consecutiveFailures: String, _ why: String) -> [Key] {
    [
      Key(
        "failure_rate", .percentage(1...10_000, mayBeOff: true), default: "50%",
        "Opens when this share of the window's calls failed. resilience4j's threshold."),
      Key(
        "slow_call", .duration(.milliseconds(1) ... .seconds(3600), mayBeOff: true), default: "off",
        "A call that takes longer is slow. Off: a sidecar does not know what is slow for a service."
      ),
      Key(
        "slow_call_rate", .percentage(1...10_000, mayBeOff: false), default: "80%",
        "Opens when this share of the window's calls was slow. Below resilience4j's 100 %, at which one fast call of a hundred keeps it closed."
      ),
      Key(
        "window", .duration(.seconds(1) ... .seconds(3600), mayBeOff: false), default: "10s",
        "The time that rates are counted over. Linkerd's success-rate window, and Hystrix's."
      ).used(.unless("window_calls")),
      Key(
        "window_calls", .integer(1...10_000),
        "The calls that rates are counted over, instead of `window`. Left out: time counts."),
      Key(
        "minimum_calls", .integer(1...1_000_000), default: "20",
        "Below that many calls in the window no rate opens it. Hystrix's request volume threshold."),
      Key(
        "consecutive_failures", .count(1...1_000_000), default: consecutiveFailures,
        "\(why) While traffic returns, `failure_rate` alone judges where it is on."),
      Key(
        "open_for", .duration(.milliseconds(10) ... .seconds(3600), mayBeOff: false), default: "5s",
        "How long it refuses before it probes; it doubles each time the probes fail, with jitter, until the breaker has recovered. Hystrix's sleep window. Meanwhile: 503 with `Retry-After`."
      ),
      Key(
        "open_for_max", .duration(.milliseconds(10) ... .seconds(86_400), mayBeOff: false),
        default: "60s",
        "It never refuses longer than that, jitter included. Linkerd's largest penalty."),
      Key(
        "half_open_calls", .integer(1...1000), default: "3",
        "Probes, at once and in all. `failure_rate` and `slow_call_rate` judge them, never `minimum_calls`, as soon as the outcome is certain; where no failure rate is on, one failure reopens. Between Linkerd's 1, which one unlucky call decides, and resilience4j's 10."
      ),
      Key(
        "recovery", .duration(.milliseconds(100) ... .seconds(3600), mayBeOff: true),
        default: "10s",
        "After the probes traffic returns over this time, from a tenth to all; meanwhile the breaker is `recovering`. Traefik's recovery duration."
      ),
      Key(
        "mode", .choice(BreakerReader.modes.map(\.name)), default: "enforced",
        "shadow: counts and tells what it would refuse, and refuses nothing. disabled: is not there until the admin endpoint enforces it."
      ),
      Key(
        "failures", .object(breakerFailures),
        "What counts as failure, beside resets, timeouts and refused connections. 429 and what Weir itself refused never do."
      ).holdingDefaults,
    ]
  }

  private static let breakerFailures: [Key] = [
    Key(
      "statuses", .list(.statuses), default: "500, 502-504, 506-599",
      "Statuses of answers. RFC 9110 §15.6: the server failed. Not 501 and 505: what a service does for nobody says nothing of its health."
    ),
    Key(
      "grpc", .list(.choice(GRPCStatus.allCases.map(\.key))),
      default: "unavailable, internal, unknown, data_loss, deadline_exceeded",
      "gRPC statuses: those of the service, not of its caller."),
  ]

  static let retryBudget: [Key] = [
    Key(
      "ratio", .percentage(0...10_000, mayBeOff: false), default: "20%",
      "Retries there may be beside the requests in flight. Envoy's `budget_percent`, and Finagle's."
    ),
    Key(
      "minimum", .integer(0...1_000_000), default: "3",
      "Retries at once that are always let through. Envoy's `min_retry_concurrency`."),
  ]

  static let outlierDetection: [Key] = [
    Key(
      "mode", .choice(PolicyMode.allCases.map(\.rawValue)), default: "enforced",
      "shadow: ejections are decided, counted and told, and every endpoint stays in use."),
    Key(
      "consecutive_5xx", .count(1...1_000_000), default: "5",
      "Ejects after that many answers of 5xx in a row, resets and timeouts included. Envoy's."),
    Key(
      "consecutive_gateway_failures", .count(1...1_000_000), default: "off",
      "Ejects after that many of 502, 503 and 504 in a row. Off: Envoy counts 5 and enforces none."
    ),
    Key(
      "consecutive_local_origin_failures", .count(1...1_000_000), default: "5",
      "Ejects after that many connections in a row that failed or were reset. Envoy's."),
    Key(
      "interval", .duration(.milliseconds(100) ... .seconds(3600), mayBeOff: false),
      default: "10s", "How often endpoints are compared, and ejected ones return. Envoy's."),
    Key(
      "base_ejection", .duration(.milliseconds(100) ... .seconds(3600), mayBeOff: false),
      default: "30s",
      "How long an ejection lasts, times how often there was one. Envoy's. An endpoint that refuses connections is ejected for 1s, then 2s, 4s and so on, and never longer than this makes it: a restart is over soon. Finagle's fail-fast and Linkerd's penalty begin so."
    ),
    Key(
      "ejection_max", .duration(.milliseconds(100) ... .seconds(86_400), mayBeOff: false),
      default: "300s", "It never lasts longer than that. Envoy's."),
    Key(
      "max_ejected", .percentage(0...10_000, mayBeOff: false), default: "50%",
      "Endpoints that may be ejected at once. The last one that has not failed never is: if it fails too, the others return. Above Envoy's 10 %, which ejects none of nine."
    ),
    Key(
      "success_rate", .either(.choice(["off"]), successRate),
      "Ejects endpoints whose success rate lies far below the others'. Left out: with its defaults, as Envoy enforces it."
    ).holdingDefaults,
    Key(
      "failure_percentage", .object(failurePercentage),
      "Ejects endpoints that fail often, the best of them too. What a route answers alike at all of them does not count. Left out: off, as in Envoy."
    ),
    Key(
      "latency", .object(latencyOutliers),
      "Ejects endpoints that are much slower than the others. Left out: off; peers have none."),
  ]

  private static let endpointsMin = "Below that many endpoints with enough calls nobody is judged."
  private static let callsMin = "Below that many calls in an interval an endpoint is not judged."

  private static let successRate: [Key] = [
    Key("minimum_endpoints", .integer(2...100_000), default: "5", "\(endpointsMin) Envoy's."),
    Key("minimum_calls", .integer(1...1_000_000), default: "100", "\(callsMin) Envoy's."),
    Key(
      "deviations", .percentage(10...100_000, mayBeOff: false), default: "190%",
      "How many standard deviations below the mean is too far; and never less than 5 % below it. Envoy's factor of 1.9."
    ),
  ]

  private static let failurePercentage: [Key] = [
    Key(
      "threshold", .percentage(1...10_000, mayBeOff: false), default: "85%",
      "The share of failures. Envoy's."),
    Key("minimum_endpoints", .integer(1...100_000), default: "5", "\(endpointsMin) Envoy's."),
    Key("minimum_calls", .integer(1...1_000_000), default: "50", "\(callsMin) Envoy's."),
  ]

  private static let latencyOutliers: [Key] = [
    Key(
      "factor", .integer(2...1000), default: "3",
      "How many times the median of the others is too slow. Our own: half of that is the noise of a busy machine."
    ),
    Key(
      "minimum_endpoints", .integer(2...100_000), default: "3",
      "\(endpointsMin) Our own: the fewest that have a median without the slow one."),
    Key(
      "minimum_calls", .integer(1...1_000_000), default: "20",
      "\(callsMin) As the breaker's `minimum_calls`."),
    Key(
      "floor", .duration(.zero ... .seconds(60), mayBeOff: false), default: "50ms",
      "Nobody who is faster is ejected. Our own: a person does not notice it."),
  ]

  static let adaptiveConcurrency: [Key] = [
    Key(
      "minimum", .integer(1...100_000), default: "5",
      "Requests in flight that are always let through. Envoy's `min_concurrency` is 3, at which a service of one place stands idle too often: decision 0016."
    ),
    Key(
      "maximum", .integer(1...1_000_000), default: "10000",
      "The limit never grows above it. Envoy's `max_concurrency_limit` is 1,000, which is below what a service of 20,000 requests/s and 60 ms carries: decision 0016."
    ),
    Key(
      "buffer", .percentage(0...10_000, mayBeOff: false), default: "25%",
      "How far the limit stands above what the upstream was seen to carry at once. Envoy's."),
    Key(
      "interval", .duration(.milliseconds(10) ... .seconds(60), mayBeOff: false),
      default: "100ms", "How often the limit is looked at again. Envoy's examples."),
    PolicyMode.key,
  ]
}
