import ControlPlane
import DataPath
import Discovery
import Glibc
import Primitives
import ProxyConfiguration
import Reactor
import Telemetry
import Upstreams

/// What one changed endpoint of many costs: the workers, who have requests to serve, and whoever builds
/// what they take over. Counted from a list that is parsed. `bench/parts/churn.py` runs it and
/// judges.
///
/// Prints a line of JSON a balancing policy: processor time in milliseconds, each the median and the
/// largest of all changes. Called as `weir run --config FILE` it is a proxy whose endpoints change.
@main
struct Churn {
  static let policies = [
    "round_robin", "least_request", "peak_ewma", "random", "ring_hash", "maglev",
  ]

  static func main() throws {
    if CommandLine.arguments.count > 3, CommandLine.arguments[1] == "run" {
      return try ChurningProxy.run(file: CommandLine.arguments[3])
    }
    let count = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 10_000 : 10_000
    let only = CommandLine.arguments.count > 2 ? CommandLine.arguments[2] : nil
    for policy in policies where only == nil || only == policy {
      for isWeighted in [false, true] {
        try Self(policy, isWeighted: isWeighted, endpoints: count).run()
      }
    }
  }

  let policy: String
  let isWeighted: Bool
  let count: Int
  let configuration: Configuration
  let builder = SnapshotBuilder(registry: MetricRegistry())

  init(_ policy: String, isWeighted: Bool, endpoints count: Int) throws {
    self.policy = policy
    self.isWeighted = isWeighted
    self.count = count
    configuration = try ConfigurationReader.read(
      Array(
        """
        listeners: [{ name: in, address: '127.0.0.1:0', routes: [{ match: { prefix: / }, upstream: all }] }]
        upstreams:
          all:
            endpoints: ['127.0.0.1:1']
            balancing: { policy: \(policy)\(Self.hashed(policy)) }
            endpoint_circuit_breaker: {}
            outlier_detection: {}
        """.utf8), file: "churn.yaml", environment: { _ in nil })
  }

  /// The list with its endpoint `change` replaced by one that has never been there.
  private func list(_ change: Int) -> EndpointResolution.Answer {
    var endpoints = (0..<count).map { number in
      EndpointResolution.Endpoint(
        address: Self.address(number), weight: isWeighted ? UInt32(1 + number % 7) : 1, entry: 0)
    }
    if change > 0 { endpoints[change * 7919 % count].address = Self.address(count + change) }
    return EndpointResolution.Answer(endpoints: endpoints, failedNames: [])
  }

  private static func hashed(_ policy: String) -> String {
    policy == "ring_hash" || policy == "maglev" ? ", hash_on: { header: x-user }" : ""
  }

  private static func address(_ number: Int) -> SocketAddress {
    .ip(IPAddress(v4: 0x0A00_0000 + UInt32(number)), port: 80)
  }

  func run() throws {
    let upstream = configuration.upstreams[0]
    let kernel = LinuxKernel()
    let shard = MetricShard()
    let registry = builder.registry
    let snapshot = try builder.build(
      configuration, answers: ["all": list(0)], shards: [shard], now: kernel.now())[0]
    shard.reserve(registry.slotCount)
    let worker = try Worker(
      number: 0, loop: try EventLoop(kernel: kernel), snapshot: snapshot, shard: shard,
      metrics: WorkerMetrics(registry),
      descriptors: DescriptorBudget(clients: 100, refused: 1, endpoints: 100),
      buffers: BufferBudget(bytesMax: 1 << 20, pools: 1), accessLog: nil,
      rare: RareCounters(registry, shard), seed: 1)
    shard.reserve(registry.slotCount)
    var building: [Double] = []
    var taking: [Double] = []
    for change in 1...200 {
      let answer = list(change)
      let (plan, built) = Self.time {
        builder.plan(of: upstream, in: configuration, answer, now: kernel.now())
      }
      building.append(built)
      let (before, taken) = Self.time { worker.install(plan) }
      taking.append(taken)
      // Freed beside the worker, as the control plane does.
      withExtendedLifetime(before) {}
    }
    print(
      """
      {"policy": "\(policy)", "weighted": \(isWeighted), "endpoints": \(count), \
      "build_ms": \(Self.figures(building)), "turn_ms": \(Self.figures(taking))}
      """)
  }

  private static func time<Result>(_ work: () -> Result) -> (Result, Double) {
    let begin = processorMilliseconds()
    let result = work()
    return (result, processorMilliseconds() - begin)
  }

  private static func processorMilliseconds() -> Double {
    var time = timespec()
    // SAFETY: the structure outlives the call.
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
  }

  private static func figures(_ values: [Double]) -> String {
    let sorted = values.sorted()
    return "[\(sorted[sorted.count / 2]), \(sorted[sorted.count - 1])]"
  }
}
