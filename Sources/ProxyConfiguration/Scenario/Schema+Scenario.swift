import Primitives
import Resilience

/// Keys of a scenario.
extension Schema {
  static let scenario: [Key] = [
    Key("name", .text("a name"), "Stands above the picture. Left out: the file's name."),
    Key("about", .text("a text"), default: "", "What it shows."),
    Key(
      "duration", .duration(.seconds(1) ... .seconds(86_400), mayBeOff: false), isRequired: true,
      "How long it runs, in virtual time."),
    Key(
      "sample", .duration(.milliseconds(10) ... .seconds(3600), mayBeOff: false), default: "1s",
      "The step of the time line."),
    Key("seed", .integer(0...Int.max), default: "1", "`--seed` comes before it."),
    Key("network", .object(network), "How long a message travels."),
    Key(
      "sidecars", .choice(Scenario.Sidecars.allCases.map(\.rawValue)), default: "per_replica",
      "per_replica: each replica's calls are judged by themselves. shared: one sidecar for all replicas of a service; smaller and faster, and breakers see more than they would."
    ),
    Key(
      "zones", .list(.text("a zone")),
      "Replicas of all services stand in them in turn. Left out: zones play no part."),
    Key("clients", .list(.object(clients)), isRequired: true, "Who sends requests."),
    Key("services", .map("services by name", .object(service)), isRequired: true, "Who answers."),
    Key("faults", .list(.object(faults)), "What goes wrong, and when. Left out: nothing."),
    policiesKey,
  ]

  static let policiesKey = Key(
    "policies", .object(policies),
    "What sidecars do about it, in the keys of `weir.yaml`. Left out: the defaults of both sections."
  )

  private static let network: [Key] = [
    Key(
      "within_zone", delay, default: "250us",
      "One way between two replicas of a zone. Usual in one data centre."),
    Key("across_zones", delay, default: "1ms", "One way between zones. Usual within a region."),
  ]

  private static let delay = Schema.duration(.zero ... .seconds(10), mayBeOff: false)

  private static let clients: [Key] = [
    Key("name", .text("a name"), isRequired: true, "The class of requests."),
    Key("calls", .text("the name of a service"), isRequired: true, "Where they go."),
    Key("load", .list(.object(load)), isRequired: true, "A line through these points."),
    Key("sidecars", .integer(1...10_000), default: "1", "How many share the load."),
    Key(
      "via", .text("a name"),
      "Classes with the same `via` share their sidecars. Left out: its own name."),
    Key("zones", .list(.text("a zone")), "Of their sidecars. Left out: near everybody."),
    Key(
      "priority", .choice(RequestPriority.allCases.reversed().map(\.name)), default: "normal",
      "Goes with the request and with all calls it leads to."),
    Key(
      "idempotent", .boolean, default: "true",
      "false: a POST, which is tried again only where that is safe."),
    Key(
      "patience", .duration(.milliseconds(1) ... .seconds(3600), mayBeOff: true), default: "off",
      "How long they wait for an answer, retries included. Off: as the route's `timeout` has it."),
  ]

  private static let load: [Key] = [
    Key("at", time, isRequired: true, "From the start."),
    Key("rate", .integer(0...100_000_000), isRequired: true, "Requests a second."),
  ]

  private static let time = Schema.duration(.zero ... .seconds(86_400), mayBeOff: false)

  private static let service: [Key] = [
    Key("replicas", .integer(1...100_000), default: "1", "How many there are."),
    Key("zones", .list(.text("a zone")), "Left out: those of the scenario."),
    Key(
      "concurrency", .integer(1...100_000), default: "16",
      "Requests that a replica works on at once; its threads or its connections to a database."),
    Key(
      "queue", .integer(0...10_000_000), default: "1000",
      "Requests that wait at a replica. Above it: 503."),
    Key(
      "time", .either(workTime, distribution), isRequired: true,
      "How long a replica works on a request."),
    Key("errors", percentage, default: "0%", "Requests that are answered 500."),
    Key(
      "cancels", .boolean, default: "false",
      "true: work ends when the caller has left. false, as in most frameworks: it goes on for nobody."
    ),
    Key(
      "blocking", .boolean, default: "false",
      "true: a request keeps its place of `concurrency` while it waits for its calls, as threads do."
    ),
    Key(
      "calls", .list(.either(.text("the name of a service"), step)),
      "What it calls when its own work is done, one after the other. Left out: nothing."),
  ]

  private static let percentage = Schema.percentage(0...10_000, mayBeOff: false)
  private static let workTime = Schema.duration(
    .microseconds(1) ... .seconds(3600), mayBeOff: false)

  private static let distribution: [Key] = [
    Key("exponential", workTime, "Of that mean."),
    Key("lognormal", .object(lognormal), "What services usually show."),
    Key("pareto", .object(pareto), "Few that take very long."),
  ]

  private static let lognormal: [Key] = [
    Key("median", workTime, isRequired: true, "The median."),
    Key("p99", workTime, isRequired: true, "The 99th percentile."),
  ]

  private static let pareto: [Key] = [
    Key("minimum", workTime, isRequired: true, "Nobody is faster."),
    Key("p99", workTime, isRequired: true, "The 99th percentile."),
    Key("maximum", workTime, default: "60s", "Nobody is slower."),
  ]

  private static let step =
    call + [
      Key("parallel", .list(.either(.text("the name of a service"), call)), "All at once.")
    ]

  private static let call: [Key] = [
    Key("service", .text("the name of a service"), "Who is called."),
    Key("share", percentage, default: "100%", "Requests that make the call."),
    Key(
      "clients", .list(.text("the name of a class")),
      "Of these classes' requests only. Left out: of all."),
    Key(
      "optional", .boolean, default: "false",
      "true: the request goes on when the call fails. false: it is answered 502."),
    Key("idempotent", .boolean, default: "true", "false: a POST."),
  ]

  private static let faults: [Key] = [
    Key(
      "kind",
      .choice(["kill", "pause", "drop", "slow", "errors", "resets", "rolling_update"]),
      isRequired: true, "What happens."),
    Key("at", time, isRequired: true, "When it begins."),
    Key("for", time, "How long it lasts. Left out: to the end."),
    Key("service", .text("the name of a service"), "Whose replicas. Left out: all services'."),
    Key("zone", .text("a zone"), "Those that stand there. Left out: anywhere."),
    Key(
      "share", percentage, default: "100%", "Of these, the first ones; rounded, and one at least."),
    Key("times", .integer(2...100_000), default: "10", "With `slow`: how many times as long."),
    Key("rate", percentage, default: "100%", "With `errors` and `resets`: how many requests."),
    Key("every", time, default: "10s", "With `rolling_update`: from one replica to the next."),
    Key("drain", time, default: "5s", "With it: from leaving discovery to the end."),
    Key("down", time, default: "5s", "With it: until the new one is there."),
  ]

  // MARK: Policies

  private static let policies: [Key] = [
    Key("routes", .list(.object(scenarioRoute)), "What callers do."),
    Key(
      "upstreams", .map("services by name", .object(scenarioUpstream)),
      "How callers regard a service."),
  ]

  private static let scenarioRoute =
    [
      Key(
        "from", .text("the name of a service, or of clients"),
        "Whose calls. Left out: everybody's that has no route of its own.")
    ]
    + route.filter { !pathKeys.contains($0.name) }.map { key in
      var key = key
      key.isRequired = key.name == "upstream"
      return key
    }

  /// What a call without a path, a body and fields has not got.
  private static let pathKeys: Set<String> = [
    "match", "split", "redirect", "respond", "rewrite", "headers", "subset", "fault",
    "total_timeout",
  ]

  private static let scenarioUpstream = upstream.filter { key in
    !["endpoints", "consul", "dns", "file", "protocol", "tls", "resolve_interval"]
      .contains(key.name)
  }
}
