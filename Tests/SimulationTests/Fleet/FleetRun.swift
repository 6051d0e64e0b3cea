import DataPath
import Primitives
import Upstreams
import WeirTesting

/// One fleet under reloads, endpoints that come and go, floods of connections and a drain, all drawn from a
/// seed.
///
/// ```
/// 0 ── trouble: everything changes, clients send ── 8 s ── calm ── 14 s ── drain announced ── drain
/// ```
final class FleetRun {
  private static let trouble = Duration.seconds(8)
  private static let end = Duration.seconds(14)
  private static let ports: [UInt16] = [9001, 9002, 9003, 9004, 9005]
  /// Longer than the workers need to pass a place on: a few turns and messages.
  private static let waitMax = Duration.seconds(1)

  let journal = Journal()
  let fleet: SimulatedFleet
  private var random: RandomSource
  private var tempers: [UInt16: EndpointTemper] = [:]
  private var clients: [SimulatedClient] = []
  private var listed = ports
  private var waitsSince: Instant?
  private(set) var reloads = 0
  private(set) var changes = 0
  private(set) var floods = 0
  /// Looks at which somebody waited.
  private(set) var waits = 0
  private let clientsMax: Int
  private var isDraining = false

  init(seed: UInt64) throws {
    random = RandomSource(seed: seed)
    let workers = 1 + Int(random.below(4))
    clientsMax = 30 + Int(random.below(60))
    fleet = try SimulatedFleet(
      seed: seed, workers: workers, Self.text(&random), ports: Self.ports,
      descriptors: DescriptorBudget(clients: clientsMax, refused: 4, endpoints: 64))
    journal.sightingsMax = { $1 ? 8 : 1 }
    fleet.atRest = { [unowned self] fleet in look(fleet) }
    setUp()
    fleet.run(quiet: .seconds(400))
    for client in clients {
      if let id = client.lost { journal.fault("\(id) was never answered, nor cut") }
    }
  }

  private var network: SimulatedNetwork { fleet.network }

  /// What may change at a reload is drawn; names stay.
  private static func text(_ random: inout RandomSource) -> String {
    let policies = ["round_robin", "least_request", "peak_ewma", "random"]
    let policy = policies[Int(random.below(4))]
    let retry = random.chance(1, in: 2) ? "retry: { attempts: \(1 + random.below(3)) }" : ""
    let breaker =
      random.chance(1, in: 3) ? "endpoint_circuit_breaker: { open_for: 500ms }" : ""
    return """
      listeners:
        - name: ingress
          address: 127.0.0.1:8080
          routes:
            - name: all
              match: {}
              upstream: service
              timeout: 5s
              \(retry)
      upstreams:
        service:
          endpoints: [127.0.0.1:9001]
          balancing: { policy: \(policy) }
          limits: { connections: \(2 + random.below(6)), pending: 64 }
          timeouts: { pending: 3s, connect: 1s, pool_idle: 20s }
          \(breaker)

      """
  }

  // MARK: Trouble

  private func setUp() {
    network.isFaulty = true
    for port in Self.ports {
      tempers[port] = EndpointTemper(random.chance(1, in: 2) ? .slow : .well)
    }
    network.answerConnect = { [unowned self] address in
      guard let port = address.port, let temper = tempers[port] else { return .refused }
      switch temper.mood {
      case .refusing: return .refused
      case .silent: return .silent
      default: return .peer(SimulatedEndpoint(journal, network, temper, name: "\(port)"))
      }
    }
    again(after: 300) { [self] in changeEndpoints() }
    again(after: 1500) { [self] in reload() }
    again(after: 2500) { [self] in flood() }
    again(after: 700) { [self] in changeMood() }
    for number in 0..<40 { connect(number) }
    network.after(Self.trouble) { [self] in calm() }
    network.after(Self.end) { [self] in
      isDraining = true
      fleet.announceDrain()
      network.after(.seconds(1)) { [self] in fleet.drain() }
    }
  }

  /// Repeats `work` while there is trouble, after up to twice `milliseconds` each time.
  private func again(after milliseconds: UInt32, _ work: @escaping () -> Void) {
    network.after(.milliseconds(1 + Int(random.below(2 * milliseconds)))) { [self] in
      guard network.isFaulty else { return }
      work()
      again(after: milliseconds, work)
    }
  }

  private func calm() {
    network.isFaulty = false
    for temper in tempers.values { temper.mood = .well }
    fleet.setEndpoints(Self.ports)
    for number in 100..<120 { connect(number, isFaulty: false) }
  }

  private func changeEndpoints() {
    changes += 1
    listed = Self.ports.filter { _ in random.chance(1, in: 2) }
    fleet.setEndpoints(listed)
  }

  private func reload() {
    reloads += 1
    do {
      try fleet.reload(Self.text(&random))
    } catch {
      journal.fault("a reload failed: \(error)")
    }
  }

  private func changeMood() {
    let moods: [EndpointTemper.Mood] = [
      .well, .fickle, .slow, .slow, .erring, .refusing, .silent, .restless,
    ]
    let port = Self.ports[Int(random.below(UInt32(Self.ports.count)))]
    tempers[port]?.mood = moods[Int(random.below(UInt32(moods.count)))]
  }

  /// More connections than there is room for, of clients that say little or nothing.
  private func flood() {
    floods += 1
    for number in 0..<clientsMax {
      let says =
        number % 3 == 0 ? "" : number % 3 == 1 ? "GET / HT" : "POST / HTTP/1.1\r\nhost: h\r\n"
      let peer = PlayedPeer { $0.send(says) }
      network.connect(peer)
      network.after(.milliseconds(Int(random.below(3000)))) { peer.socket?.close() }
    }
  }

  private func connect(_ number: Int, isFaulty: Bool = true) {
    let methods = ["GET", "POST", "PUT", "GET"]
    let requests = (0..<5).map { place in
      let method = methods[Int(random.below(4))]
      let hasBody = method != "GET"
      return SimulatedClient.Request(
        id: "\(number)-\(place)", method: method,
        body: hasBody ? [UInt8](repeating: 0x62, count: Int(random.below(20_000))) : [],
        answerBytes: Int(random.below(20_000)), isChunked: random.chance(1, in: 2))
    }
    let client = SimulatedClient(
      journal, network, requests, isFaulty: isFaulty && number % 4 == 0,
      pause: .milliseconds(200))
    clients.append(client)
    network.after(.milliseconds(Int(random.below(isFaulty ? 6000 : 1000)))) { [self] in
      network.connect(client)
    }
  }

  // MARK: What must hold at any time

  private func look(_ fleet: SimulatedFleet) {
    guard let limits = fleet.state("service")?.limits else { return }
    let waiting = limits.used(.pending)
    if waiting > 0 { waits += 1 }
    // Idle connections hold places too: at whichever worker, they are given up for who waits.
    let idle = fleet.workers.compactMap { $0.upstream("service") }.flatMap(\.endpoints)
      .map(\.idleCount).reduce(0, +)
    let free = limits.most(.connections) - limits.used(.connections) + idle
    guard waiting > 0, free > 0 else {
      waitsSince = nil
      return
    }
    let since = waitsSince ?? network.time
    waitsSince = since
    if network.time.duration(since: since) > Self.waitMax {
      journal.fault("\(waiting) wait while \(free) places are free, since \(since)")
      waitsSince = nil
    }
  }

  /// What must hold at the end; empty: it does.
  var findings: [String] {
    var found = journal.faults + fleet.held
    if fleet.drained != fleet.workers.count {
      found.append("\(fleet.drained) of \(fleet.workers.count) workers are drained")
    }
    let most = clientsMax + 4 + 64
    if fleet.mostSockets > most {
      found.append("\(fleet.mostSockets) sockets were open, \(most) may be")
    }
    return found
  }
}
