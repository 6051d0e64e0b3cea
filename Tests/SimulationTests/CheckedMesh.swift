import ControlPlane
import Logging
import Primitives
import Reactor
import Telemetry
import Upstreams
import WeirTesting

/// The real health checker on a simulated network, in virtual time.
final class CheckedMesh {
  typealias Conduct = CheckedEndpoint.Conduct

  let network: SimulatedNetwork
  let loop: EventLoop
  let checker: HealthChecker
  private let registry = MetricRegistry()
  private let shard = MetricShard()
  private let log = LogLines.Store()
  private let told: Told
  /// When each endpoint was connected to, by port.
  private(set) var startedAt: [UInt16: [Instant]] = [:]
  private(set) var requests: [PlainMessage] = []
  private(set) var mostSockets = 0
  /// Ports from which nothing comes back.
  var isSilent: (UInt16) -> Bool = { _ in false }
  private var number = 0

  private final class Told {
    var changes: [(at: Instant, change: HealthChange)] = []
  }

  var changes: [(at: Instant, change: HealthChange)] { told.changes }
  var lines: [String] { log.lines }

  /// `conduct`: of an endpoint's port towards its probe of that number, over all endpoints, from 0;
  /// nil: it refuses.
  init(seed: UInt64, conduct: @escaping (UInt16, Int) -> Conduct?) throws {
    network = SimulatedNetwork(seed: seed)
    loop = try EventLoop(kernel: network)
    let store = log
    let told = Told()
    self.told = told
    checker = try HealthChecker(
      loop: loop, registry: registry, shard: shard,
      log: Logger(label: "test") { _ in LogLines(store) }, seed: seed
    ) { [network] change in
      told.changes.append((network.time, change))
    }
    network.answerConnect = { [unowned self] address in
      let port = address.port ?? 0
      startedAt[port, default: []].append(network.time)
      let number = self.number
      self.number += 1
      if isSilent(port) { return .silent }
      guard let conduct = conduct(port, number) else { return .refused }
      return .peer(
        CheckedEndpoint(network, conduct) { [unowned self] in requests.append($0) })
    }
  }

  static func endpoint(_ port: UInt16) -> SocketAddress { .ip(.loopback4, port: port) }

  /// Checks `ports` of an upstream by the name of `service`.
  func check(
    _ policy: HealthCheckPolicy, _ ports: some Sequence<UInt16>,
    asking question: HealthQuestion = HealthQuestion(path: "/")
  ) {
    checker.set([
      HealthCheckedUpstream(
        name: "service", policy: policy, question: question,
        endpoints: ports.map(Self.endpoint))
    ])
  }

  func run(for duration: Duration) {
    let end = network.time.advanced(by: duration)
    while network.time < end { turn(until: end) }
  }

  /// Runs turns until `isOver`; fails the test, by a trap, where it is not within an hour.
  func run(until isOver: () -> Bool) {
    let end = network.time.advanced(by: .seconds(3600))
    while !isOver() {
      precondition(network.time < end, "nothing happens any more")
      turn(until: end)
    }
  }

  /// Ends with the first event at the latest.
  private func turn(until end: Instant) {
    loop.turn(waitingUntil: end)
    mostSockets = max(mostSockets, network.openSockets)
  }

  func counted(_ result: String) -> Int {
    let text = Exposition.render(registry, shards: [shard.values], format: .text)
    let start = "weir_health_checks_total{upstream=\"service\",result=\"\(result)\"} "
    let line = text.split(separator: "\n").first { $0.hasPrefix(start) }
    return line.flatMap { Int($0.dropFirst(start.count)) } ?? -1
  }
}
