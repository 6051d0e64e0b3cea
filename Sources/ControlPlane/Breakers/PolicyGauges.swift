import DataPath
import Primitives
import Resilience
import Telemetry
import Upstreams

/// Gauges of what all workers share, read at a scrape: nobody has to keep them up to date, and of
/// what is gone nothing is left.
///
/// Each state of a breaker is a series, 1 for the one it is in, as resilience4j's Micrometer metrics
/// have it: a graph needs no table of numbers. Confinement: none; the machines are made known by the
/// control queue.
final class PolicyGauges: Sendable {
  private struct Machines {
    var breakers: [KnownBreaker] = []
    var upstreams: [UpstreamState] = []
    var endpointsMax = 0
  }

  private let machines = Lock(Machines())

  /// `endpointsMax`: endpoints that have series of their own, `telemetry.metrics.endpoints`.
  func set(breakers: [KnownBreaker], upstreams: [UpstreamState], endpointsMax: Int) {
    machines.withLock {
      $0 = Machines(breakers: breakers, upstreams: upstreams, endpointsMax: endpointsMax)
    }
  }

  var endpointsMax: Int { machines.withLock { $0.endpointsMax } }

  /// The values now. `views`: the workers', where endpoints have series. Cost: linear in breakers and
  /// endpoints; for Dispatch.
  func scrape(_ views: [[UpstreamView]], now: Instant) -> [GaugeReading] {
    let machines = machines.withLock { $0 }
    let endpointReadings =
      machines.endpointsMax > 0
      ? EndpointMetrics.readings(
        UpstreamView.sum(views, now: now), machines.upstreams, most: machines.endpointsMax,
        now: now) : []
    return endpointReadings + breakers(machines.breakers, now)
      + [endpoints(machines.upstreams), panic(machines.upstreams), shadows(machines.upstreams)]
      + limits(machines.upstreams) + [budgets(machines.upstreams)]
  }

  private func breakers(_ all: [KnownBreaker], _ now: Instant) -> [GaugeReading] {
    var gauge = GaugeReading(
      "weir_circuit_breaker_state", help: "1 for the state that a breaker is in, else 0.",
      labels: ["upstream", "scope", "subject", "state"])
    var admitted = GaugeReading(
      "weir_circuit_breaker_admitted_ratio",
      help:
        "The share of requests that a breaker lets through: below 1 while it recovers, else 1 or 0.",
      labels: ["upstream", "scope", "subject"])
    for known in all {
      let figures = known.breaker.figures(now: now)
      let labels = [known.upstreams.first ?? "none", known.scope.rawValue, known.subject]
      for each in CircuitBreaker.State.allCases {
        gauge.add(labels + [each.rawValue], each == figures.state ? 1 : 0)
      }
      admitted.add(labels, Int(figures.admittedShare.basisPoints) * 100_000)
    }
    return [gauge, admitted]
  }

  private func endpoints(_ upstreams: [UpstreamState]) -> GaugeReading {
    var gauge = GaugeReading(
      "weir_upstream_endpoints", help: "Endpoints, by whether they may be picked.",
      labels: ["upstream", "state"])
    for upstream in upstreams {
      var counts: [EndpointCondition: Int] = [:]
      for endpoint in upstream.endpoints {
        counts[EndpointCondition(endpoint, endpoint.breaker?.state), default: 0] += 1
      }
      for condition in EndpointCondition.allCases {
        gauge.add([upstream.name, condition.rawValue], counts[condition] ?? 0)
      }
    }
    return gauge
  }

  private func shadows(_ upstreams: [UpstreamState]) -> GaugeReading {
    var counter = GaugeReading(
      "weir_policy_would_refuse_total", .counter,
      help: "Requests that a policy in shadow would have refused; of outlier_detection, ejections.",
      labels: ["upstream", "policy"])
    for upstream in upstreams {
      for policy in ShadowPolicy.allCases {
        let count = upstream.ledger.count(policy)
        if count > 0 || upstream.shadows.contains(policy) {
          counter.add([upstream.name, policy.rawValue], count)
        }
      }
    }
    return counter
  }

  private func panic(_ upstreams: [UpstreamState]) -> GaugeReading {
    var gauge = GaugeReading(
      "weir_upstream_panic",
      help: "1 while so few endpoints are available that all are asked, else 0.",
      labels: ["upstream"])
    for upstream in upstreams {
      gauge.add([upstream.name], upstream.availability.isPanicking ? 1 : 0)
    }
    return gauge
  }

  private func limits(_ upstreams: [UpstreamState]) -> [GaugeReading] {
    var limit = GaugeReading(
      "weir_concurrency_limit", help: "The adaptive limit on requests in flight.",
      labels: ["upstream"])
    var inFlight = GaugeReading(
      "weir_concurrency_in_flight", help: "Requests that hold a place of that limit.",
      labels: ["upstream"])
    for upstream in upstreams {
      guard let limiter = upstream.limiter else { continue }
      limit.add([upstream.name], limiter.limit)
      inFlight.add([upstream.name], limiter.inFlight)
    }
    return [limit, inFlight]
  }

  private func budgets(_ upstreams: [UpstreamState]) -> GaugeReading {
    var gauge = GaugeReading(
      "weir_retry_budget_in_flight",
      help: "Requests that a retry budget counts, and retries that it let through.",
      labels: ["upstream", "kind"])
    for upstream in upstreams {
      let (requests, retries) = upstream.budget.inFlight
      gauge.add([upstream.name, "requests"], requests)
      gauge.add([upstream.name, "retries"], retries)
    }
    return gauge
  }
}
