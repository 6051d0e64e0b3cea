import Primitives

/// When an endpoint that behaves unlike its peers is set aside, and for how long.
///
/// Sources: Envoy's outlier detection, rule by rule, where a property names nothing else. A
/// connection refused and a wrong identity eject at once and have no switch.
/// Values out of range are held at the ends of the range.
package struct OutlierPolicy: Sendable, Equatable {
  /// 5xx answers in a row, gateway failures included, that eject. Range: 1 and above.
  package var consecutive5xx: Int? = 5
  /// 502, 503 and 504 in a row. Off, as Envoy does not enforce it: the count above has them too.
  package var consecutiveGatewayFailures: Int?
  /// Attempts in a row without an answer. On, other than Envoy's, whose default counts them among
  /// the 5xx: either way five dead attempts eject, and a count of their own names the cause.
  package var consecutiveLocalOriginFailures: Int? = 5
  /// How often rates and latencies are compared. Range: 100 ms ... 1 hour.
  package var interval: Duration = .seconds(10)
  /// The first ejection; each further one of an endpoint lasts one such time longer.
  /// Range: 1 ms ... 1 day.
  package var baseEjection: Duration = .seconds(30)
  /// The first ejection of an endpoint that refuses connections; each further one lasts twice as
  /// long, and none longer than `baseEjection` would make it. 1 s: Finagle's fail-fast and
  /// Linkerd's `min-penalty` begin with it, and both double. Why: a process that is being restarted
  /// is back after seconds, and to ask too soon costs a connection that is refused at once, which
  /// can always be tried elsewhere.
  package var refusedEjection: Duration = .seconds(1)
  /// Where that stops. At least `baseEjection`.
  package var maxEjection: Duration = .seconds(300)
  /// Up to this much is added, drawn evenly.
  package var ejectionJitter: Duration = .zero
  /// At most this share of the endpoints is ejected at a time; `ejectedMax(of:)` has the rule for
  /// few. 50 %: Envoy's 10 % protects one endpoint in ten, and clusters here have two to five.
  package var maxEjected: Share = .percent(50)
  package var successRate: SuccessRate? = SuccessRate()
  /// Off, as Envoy does not enforce it.
  package var failurePercentage: FailurePercentage?
  package var latency: Latency? = Latency()

  package init() {}

  /// How many of `count` endpoints may be ejected at a time.
  package func ejectedMax(of count: Int) -> Int { maxEjected.ejectionsMax(of: count) }

  /// Ejects endpoints whose success rate is far below the mean of all.
  ///
  /// A bad endpoint is itself part of the deviation, and can be at most the root of (count - 1)
  /// of them below the mean: 1.73 of four, 2 of five. So five are the fewest that 1.9 works for.
  package struct SuccessRate: Sendable, Equatable {
    /// Endpoints with enough calls, below which nothing is compared. Range: 2 and above.
    package var minimumEndpoints = 5
    /// Calls in the interval below which an endpoint is not looked at. Range: 1 and above.
    package var minimumCalls = 100
    /// Standard deviations below the mean; held to thousandths. Range: 0 ... 1000.
    package var deviations = 1.9
    /// And at least this much below it. 5 %: where all others never fail the deviation is next to
    /// nothing, and a single failure in thousands would eject (seen in simulation; Envoy has no such
    /// floor).
    package var gapMin: Share = .percent(5)

    package init() {}
  }

  /// Ejects endpoints that fail at least a share of their calls, whatever the others do.
  package struct FailurePercentage: Sendable, Equatable {
    package var threshold: Share = .percent(85)
    package var minimumEndpoints = 5
    package var minimumCalls = 50

    package init() {}
  }

  /// Ejects endpoints that answer, but far slower than their peers; no peer of Weir's has it.
  ///
  /// What is compared is the median of an endpoint's successes in the interval, as one call that
  /// hung must not weigh as much as twenty that did not.
  package struct Latency: Sendable, Equatable {
    /// Times the median of the others' medians. 3: a replica on a busy node or behind a cold cache
    /// is up to twice as slow, and least-request balancing already gives it less. Range: 2 ... 1000.
    package var factor = 3
    /// Medians below this are never outliers. 50 ms: under it, three times slower is the noise of
    /// a collector or of another zone, and costs a caller less than the lost capacity would.
    package var floor: Duration = .milliseconds(50)
    /// Between two endpoints nobody can say which one is wrong.
    package var minimumEndpoints = 3
    /// As many as the circuit breaker wants before it believes a rate.
    package var minimumCalls = 20

    package init() {}
  }
}
