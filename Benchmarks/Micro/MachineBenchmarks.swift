import Benchmark
import HTTP1
import HTTPModel
import Primitives
import Routing
import Telemetry
import Upstreams

/// What is decided for each request once its head is read.
enum MachineBenchmarks {
  static func register() {
    for count in [1, 10_000] { route(count) }
    for count in [10, 10_000] {
      for policy in BalancingPolicy.allCases { pick(policy.rawValue, policy, count) }
    }
    record()
  }

  /// The route in the middle of `count`, half of them prefixes, half exact paths.
  private static func route(_ count: Int) {
    Benchmark("route-of-\(count)") { benchmark, table in
      let bytes = Array("GET /fhir/service-05000/x HTTP/1.1\r\nHost: a.test\r\n\r\n".utf8)
      var decoder = RequestDecoder(limits: HeadLimits())
      let head = HTTP1RequestHead()
      let isWhole = try decoder.decode(bytes.span, into: head)
      precondition(isWhole, "the head is whole")
      let path = bytes.span.extracting(head.path.bounds)
      benchmark.startMeasurement()
      var sum = 0
      for _ in benchmark.scaledIterations {
        if case .matched(let position) = table.match(head, in: bytes.span, path: path) {
          sum &+= position
        }
      }
      benchmark.stopMeasurement()
      precondition(sum == benchmark.scaledIterations.count * (count / 2), "the one in the middle")
    } setup: {
      try RouteTable(
        (0..<count).map { number in
          if number == count / 2 { return RouteMatch(path: .prefix("/fhir/service-05000")) }
          return RouteMatch(
            path: number % 2 == 0 ? .prefix("/other/s-\(number)") : .exact("/other/s-\(number)/x"))
        })
    }
  }

  private static func pick(_ name: String, _ policy: BalancingPolicy, _ count: Int) {
    Benchmark("\(name)-of-\(count)") { benchmark in
      var random = RandomSource(seed: 1)
      let now = Instant(nanoseconds: 0)
      var balancer = Balancer(
        settings: BalancingSettings(policy: policy),
        endpoints: (0..<count).map { BalancerEndpoint("endpoint-\($0)") }, now: now,
        random: &random)
      benchmark.startMeasurement()
      var sum = 0
      for number in benchmark.scaledIterations {
        let request = PickRequest(hash: UInt64(truncatingIfNeeded: number) &* 0x9E37_79B9_7F4A_7C15)
        sum &+= balancer.pick(request, now: now, random: &random)?.index ?? -1
      }
      benchmark.stopMeasurement()
      precondition(sum >= 0, "each was available")
      blackHole(sum)
    }
  }

  private static func record() {
    Benchmark("metrics-of-a-request") { benchmark in
      let registry = MetricRegistry()
      let shard = MetricShard()
      let series = RequestSeries(registry, shard, listener: "l", route: "r", upstream: "u")
      shard.reserve(registry.slotCount)
      series.record(status: 200, failure: nil, nanoseconds: 1)
      benchmark.startMeasurement()
      for number in benchmark.scaledIterations {
        series.record(status: 200, failure: nil, nanoseconds: Int64(number) * 1000)
      }
      benchmark.stopMeasurement()
      blackHole(shard.values.count)
    }
  }
}
