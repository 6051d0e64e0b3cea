import DataPath
import Primitives
import Resilience
import Upstreams
import WeirTesting

/// One mesh under policies, endpoints and clients that are drawn from a seed.
///
/// ```
/// 0 ── trouble: moods and health change, clients send ── 8 s ── calm: a client every 100 ms ── 48 s
/// ```
/// In the calm everyone is well: breakers must close, the ejected return, and the last requests be
/// answered. Without trouble (`isCalm`) that holds from the start.
final class PolicyRun {
  private static let trouble = Duration.seconds(8)
  private static let calm = Duration.seconds(40)
  /// Requests of the calm that must be answered: those of its last 3 s.
  private static let lastCount = 30

  let journal = Journal()
  let policies: DrawnPolicies
  let mesh: SimulatedMesh
  let seed: UInt64
  private let isCalm: Bool
  private var random: RandomSource
  private var tempers: [UInt16: EndpointTemper] = [:]
  private var clients: [SimulatedClient] = []
  /// The shares of requests that carry an `Idempotency-Key`, and that a proxy above has retried.
  private var keyed: Set<String> = []

  init(seed: UInt64, isCalm: Bool) throws {
    self.seed = seed
    self.isCalm = isCalm
    random = RandomSource(seed: seed)
    policies = DrawnPolicies(&random, isCalm: isCalm)
    mesh = try SimulatedMesh(seed: seed, policies.plan)
    journal.sightingsMax = { [unowned self] id, isIdempotent in
      policies.sightingsMax(isIdempotent: isIdempotent, hasKey: keyed.contains(id))
    }
    setUpEndpoints()
    setUpClients()
    mesh.run(quiet: .seconds(300))
    for client in clients {
      if let id = client.lost { journal.fault("\(id) was never answered, nor cut") }
    }
  }

  private var network: SimulatedNetwork { mesh.network }

  // MARK: Endpoints

  private func setUpEndpoints() {
    network.isFaulty = !isCalm
    for upstream in mesh.plan.upstreams {
      for endpoint in upstream.endpoints { tempers[endpoint.address.port ?? 0] = .init(.well) }
    }
    network.answerConnect = { [unowned self] address in
      guard let port = address.port, let temper = tempers[port] else { return .refused }
      switch temper.mood {
      case .refusing: return .refused
      case .silent: return .silent
      case .fickle where network.random.chance(1, in: 20): return .refused
      default: return .peer(SimulatedEndpoint(journal, network, temper, name: "\(port)"))
      }
    }
    guard !isCalm else { return }
    for upstream in mesh.plan.upstreams {
      for (endpoint, state) in zip(upstream.endpoints, upstream.state.endpoints) {
        guard let temper = tempers[endpoint.address.port ?? 0] else { continue }
        change(temper)
        change(state, upstream.state.availability)
      }
    }
    network.after(Self.trouble) { [self] in endTrouble() }
  }

  private func change(_ temper: EndpointTemper) {
    guard network.isFaulty else { return }
    let moods = EndpointTemper.Mood.allCases
    temper.mood = random.chance(1, in: 3) ? .well : moods[Int(random.below(UInt32(moods.count)))]
    network.after(.milliseconds(100 + Int(random.below(4000)))) { [self] in change(temper) }
  }

  /// As the control loop tells what health checks found.
  private func change(_ state: EndpointState, _ availability: Availability) {
    guard network.isFaulty else { return }
    if state.set(isHealthy: random.chance(3, in: 4)) { availability.changed() }
    network.after(.milliseconds(100 + Int(random.below(5000)))) { [self] in
      change(state, availability)
    }
  }

  private func endTrouble() {
    network.isFaulty = false
    for temper in tempers.values { temper.mood = .well }
    for upstream in mesh.plan.upstreams {
      for state in upstream.state.endpoints where state.set(isHealthy: true) {
        upstream.state.availability.changed()
      }
    }
  }

  // MARK: Clients

  private func setUpClients() {
    for number in 0..<8 {
      let isFaulty = !isCalm && number >= 6
      let requests = (0..<6).map { plan("\(number)-\($0)") }
      let client = SimulatedClient(
        journal, network, requests, isFaulty: isFaulty, pause: .milliseconds(1500))
      connect(client, after: .milliseconds(Int(random.below(4000))))
    }
    var wait = Self.trouble
    var number = 0
    let last = Self.trouble + Self.calm
    while wait < last {
      let request = SimulatedClient.Request(
        id: "calm-\(number)", method: "GET", body: [], answerBytes: 10, isChunked: false)
      connect(SimulatedClient(journal, network, [request], isFaulty: false), after: wait)
      wait += .milliseconds(100)
      number += 1
    }
  }

  private func connect(_ client: SimulatedClient, after wait: Duration) {
    clients.append(client)
    network.after(wait) { [self] in network.connect(client) }
  }

  private func plan(_ id: String) -> SimulatedClient.Request {
    let methods = ["GET", "POST", "PUT", "HEAD", "POST", "GET"]
    let sizes: [UInt32] = [1, 100, 5000, 100_000]
    let method = methods[Int(random.below(6))]
    let hasBody = method == "POST" || method == "PUT"
    var request = SimulatedClient.Request(
      id: id, method: method, body: [],
      answerBytes: Int(random.below(sizes[Int(random.below(4))])),
      isChunked: random.chance(1, in: 2))
    if hasBody {
      let count = Int(random.below(sizes[Int(random.below(4))]))
      request.body = [UInt8](repeating: 0x62, count: count)
    }
    if random.chance(1, in: 3) {
      keyed.insert(id)
      request.fields += "Idempotency-Key: \(id)\r\n"
    }
    let classes = ["low", "normal", "high", "critical"]
    if random.chance(1, in: 2) {
      request.fields += "x-weir-priority: \(classes[Int(random.below(4))])\r\n"
    }
    addDeadlines(&request, hasBody: hasBody)
    return request
  }

  private func addDeadlines(_ request: inout SimulatedClient.Request, hasBody: Bool) {
    request.totalMax = mesh.plan.totalTimeout
    if !hasBody { request.headMax = mesh.plan.timeout }
    guard !isCalm else { return }
    if random.chance(1, in: 4) {
      let most = 10 + Int(random.below(3000))
      request.fields += "x-envoy-expected-rq-timeout-ms: \(most)\r\n"
      request.deadline = .milliseconds(most)
    }
    if random.chance(1, in: 6) {
      let most = 10 + Int(random.below(3000))
      request.fields += "grpc-timeout: \(most)m\r\n"
      request.totalMax = min(request.totalMax ?? .seconds(60), .milliseconds(most))
    }
    if random.chance(1, in: 10) { request.fields += "x-envoy-attempt-count: 2\r\n" }
  }

  /// Whether a request was among the last of the calm.
  func isLast(_ line: String) -> Int? {
    let words = line.split(separator: " ")
    guard words.count > 1, words[1].hasPrefix("calm-"), let number = Int(words[1].dropFirst(5))
    else { return nil }
    let count = Int(Self.calm / .milliseconds(100))
    return number >= count - Self.lastCount ? number : nil
  }
}
