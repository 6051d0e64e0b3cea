import DataPath
import Discovery
import Primitives
import ProxyConfiguration
import Reactor
import Resilience
import Telemetry
import Upstreams
import WeirTesting

@testable import ControlPlane

/// Several workers of the real data path on one simulated network, served by the real snapshot builder:
/// reloads, endpoints that change and drains reach them one after the other, as their mail would.
///
/// ```
/// everyone's turn ── … ── nobody has anything to do ── time goes on to the next event or deadline ─┐
///      └───────────────────────────────────────────────────────────────────────────────────────────┘
/// ```
final class SimulatedFleet {
  let network: SimulatedNetwork
  let descriptors: DescriptorBudget
  private(set) var workers: [Worker] = []
  private(set) var configuration: Configuration
  private let buffers = BufferBudget(bytesMax: 1 << 26)
  private let registry = MetricRegistry()
  private let builder: SnapshotBuilder
  private var lanes: [SimulatedLane] = []
  private var mails: [MailSource] = []
  private var shards: [MetricShard] = []
  private var answers: [String: EndpointResolution.Answer] = [:]
  /// When each worker hears of the last change, so that none overtakes another.
  private var heardAt: [Instant] = []
  private(set) var drained = 0
  private(set) var mostSockets = 0
  /// Called whenever nobody has anything to do, before time goes on.
  var atRest: (SimulatedFleet) -> Void = { _ in }

  init(
    seed: UInt64, workers count: Int, _ text: String, ports: [UInt16],
    descriptors: DescriptorBudget
  ) throws {
    network = SimulatedNetwork(seed: seed)
    self.descriptors = descriptors
    builder = SnapshotBuilder(registry: registry)
    configuration = try Self.read(text)
    heardAt = Array(repeating: SimulatedNetwork.start, count: count)
    setAnswers(ports)
    let metrics = WorkerMetrics(registry)
    shards = (0..<count).map { _ in MetricShard() }
    let snapshots = try builder.build(
      configuration, answers: answers, shards: shards, now: network.time)
    for number in 0..<count {
      let lane = network.addLane()
      let shard = shards[number]
      let rare = RareCounters(registry, shard)
      shard.reserve(registry.slotCount)
      let worker = try Worker(
        number: number, loop: try EventLoop(kernel: lane), snapshot: snapshots[number],
        shard: shard, metrics: metrics, descriptors: descriptors, buffers: buffers,
        accessLog: nil, rare: rare, seed: seed &+ UInt64(number))
      let socket = try lane.listen(
        on: .ip(.loopback4, port: 8080), backlog: 128, isShared: true, mode: nil)
      precondition(worker.listen(on: [0: socket]).isEmpty, "the listener starts")
      lanes.append(lane)
      workers.append(worker)
      mails.append(MailSource(worker.loop.mailbox))
    }
    for worker in workers { worker.peers = workers.map { WorkerHandle($0) } }
  }

  private static func read(_ text: String) throws -> Configuration {
    try ConfigurationReader.read(Array(text.utf8), file: "fleet", environment: { _ in nil })
  }

  private func setAnswers(_ ports: [UInt16]) {
    for upstream in configuration.upstreams {
      answers[upstream.name] = EndpointResolution.Answer(
        endpoints: ports.map {
          EndpointResolution.Endpoint(address: .ip(.loopback4, port: $0), weight: 1, entry: 0)
        }, failedNames: [])
    }
  }

  // MARK: What happens to it

  /// The endpoints of every upstream are these from now on.
  func setEndpoints(_ ports: [UInt16]) {
    setAnswers(ports)
    for upstream in configuration.upstreams {
      guard let answer = answers[upstream.name] else { continue }
      let plan = builder.plan(of: upstream, in: configuration, answer, now: network.time)
      tell { worker in _ = worker.install(plan) }
    }
  }

  /// The file has changed.
  func reload(_ text: String) throws {
    configuration = try Self.read(text)
    let snapshots = try builder.build(
      configuration, answers: answers, shards: shards, now: network.time)
    let slots = registry.slotCount
    tell { worker in
      worker.shard.reserve(slots)
      _ = worker.install(snapshots[worker.number], sockets: [:])
    }
  }

  func announceDrain() { tell { $0.announceDrain() } }

  func drain() {
    tell { worker in worker.drain { [self] in drained += 1 } }
  }

  /// Each worker hears of it a moment later, in the order in which it was said.
  private func tell(_ work: @escaping (Worker) -> Void) {
    for worker in workers {
      let wait = network.latency()
      let at = max(network.time.advanced(by: wait), heardAt[worker.number])
      heardAt[worker.number] = at
      network.after(at.duration(since: network.time)) { work(worker) }
    }
  }

  // MARK: Running

  /// Runs until nothing is planned any more and `quiet` has passed since.
  func run(quiet: Duration) {
    var end = network.time.advanced(by: quiet)
    while true {
      settle()
      atRest(self)
      mostSockets = max(mostSockets, network.openSockets)
      if network.nextEvent != nil { end = network.time.advanced(by: quiet) }
      let wake = lanes.map(\.wakeAt).min() ?? .distantFuture
      let next = min(network.nextEvent ?? .distantFuture, wake, end)
      network.advance(to: next)
      if next >= end, network.nextEvent == nil { return settle() }
    }
  }

  /// Turns until nobody has anything to do at this instant.
  private func settle() {
    var isBusy = true
    while isBusy {
      isBusy = false
      let first = Int(network.random.below(UInt32(workers.count)))
      for offset in workers.indices {
        let number = (first + offset) % workers.count
        if !workers[number].loop.mailbox.isEmpty {
          mails[number].ready(.readable)
          isBusy = true
        }
        lanes[number].beginTurn()
        workers[number].loop.turn(waitingUntil: .distantFuture)
        if lanes[number].wasBusy { isBusy = true }
      }
    }
  }

  // MARK: What it holds

  /// What the workers share of an upstream.
  func state(_ upstream: String) -> UpstreamState? { builder.state(of: upstream) }

  /// The value of every series, as a scrape shows them.
  var metrics: String {
    Exposition.render(registry, shards: workers.map { $0.scrape() }, format: .text)
  }

  /// All series of a counter together.
  func sum(_ name: String) -> Int {
    metrics.split(separator: "\n").filter { $0.prefix { $0 != "{" && $0 != " " } == name }
      .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
  }

  /// Series of gauges that are not zero.
  var gauges: [String] {
    var names: Set<Substring> = []
    var found: [String] = []
    for line in metrics.split(separator: "\n") {
      let words = line.split(separator: " ")
      if line.hasPrefix("# TYPE "), words.last == "gauge" { names.insert(words[2]) }
      guard !line.hasPrefix("#"), names.contains(line.prefix { $0 != "{" && $0 != " " }) else {
        continue
      }
      if words.last != "0" { found.append(String(line)) }
    }
    return found
  }

  /// What is still held once everyone has left; empty: nothing is.
  var held: [String] {
    var found = gauges
    func check(_ name: String, _ count: Int) { if count != 0 { found.append("\(name) \(count)") } }
    check("sockets", network.openSockets)
    for worker in workers {
      check("connections of worker \(worker.number)", worker.connectionCount)
      check("buffer bytes of worker \(worker.number)", worker.pool.bytesLent)
    }
    for use in DescriptorBudget.Use.allCases {
      check("descriptors of \(use)", descriptors.used(use))
    }
    for upstream in configuration.upstreams {
      guard let state = state(upstream.name) else { continue }
      check("connections", state.limits.used(.connections))
      check("waiting", state.limits.used(.pending))
      check("requests", state.limits.used(.requests))
      check("active of the retries' budget", state.budget.inFlight.requests)
      check("retries", state.budget.inFlight.retries)
      check("probes", state.breaker?.figures(now: network.time).probesInFlight ?? 0)
    }
    return found
  }
}
