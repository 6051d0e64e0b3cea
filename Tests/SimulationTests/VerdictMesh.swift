import DataPath
import Primitives
import Resilience
import Upstreams
import WeirTesting

/// One service on a simulated network, with every machine that hears how calls went.
final class VerdictMesh {
  let mesh: SimulatedMesh
  let state: UpstreamState
  let routeBreaker: CircuitBreaker
  var network: SimulatedNetwork { mesh.network }
  /// What an endpoint does with its next request; nil: it never stands. Requests are numbered from 0.
  var conduct: (_ endpoint: Int, _ request: Int) -> CheckedEndpoint.Conduct? = { _, _ in .hangs }
  private(set) var asked = 0

  /// Two endpoints unless said otherwise; every breaker has `policy`.
  init(
    _ policy: CircuitBreakerPolicy = CircuitBreakerPolicy(), endpoints: Int = 2,
    outliers: OutlierPolicy? = nil, limiter: ConcurrencyLimiter? = nil,
    retry: RetryPolicy? = nil, hedge: HedgePolicy? = nil,
    hedgePercentile: Share = .percent(95), totalTimeout: Duration? = nil,
    streamIdle: Duration = .seconds(300)
  ) throws {
    let addresses = (0..<endpoints).map { SocketAddress.ip(.loopback4, port: UInt16(9001 + $0)) }
    let detector = outliers.map { OutlierDetector($0, seed: 1, now: SimulatedNetwork.start) }
    let breaker = { CircuitBreaker(policy, seed: 1) }
    state = UpstreamState(
      name: "service",
      limits: ResourceLimits(connectionsMax: 1000, pendingMax: 10, requestsMax: 10_000),
      breaker: breaker(), limiter: limiter, detector: detector,
      endpoints: addresses.map {
        EndpointState(
          identity: "\($0)", breaker: breaker(),
          membership: detector.map { OutlierMembership(in: $0) })
      })
    if let detector { state.availability.look(at: detector.nextChange) }
    let upstream = UpstreamPlan(
      name: "service", endpoints: addresses.map { .init(address: $0) }, state: state)
    upstream.streamIdleNanoseconds = streamIdle.nanosecondsClamped
    upstream.hedgePercentile = hedgePercentile
    upstream.connectNanoseconds = 5_000_000_000
    var plan = MeshPlan(upstreams: [upstream])
    routeBreaker = breaker()
    plan.policy = RoutePolicy(
      retry: retry, hedge: hedge,
      breaker: .init(machine: routeBreaker, classifier: OutcomeClassifier()))
    plan.totalTimeout = totalTimeout
    mesh = try SimulatedMesh(seed: 1, plan)
    mesh.network.answerConnect = { [unowned self] address in
      let number = asked
      asked += 1
      guard let conduct = conduct(Int(address.port ?? 0) - 9001, number) else { return .silent }
      return .peer(CheckedEndpoint(network, conduct))
    }
  }

  static let good = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
  static let plainRequest = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

  /// A client that asks `after` the start.
  @discardableResult
  func ask(
    after delay: Duration = .zero, _ request: String = plainRequest, patience: Duration? = nil,
    takesAnswers: Bool = true
  ) -> ImpatientClient {
    let client = ImpatientClient(
      network, request, patience: patience, takesAnswers: takesAnswers)
    network.after(delay) { self.network.connect(client) }
    return client
  }

  /// The upstream's, the route's and the first endpoint's.
  var breakers: [CircuitBreaker] {
    [state.breaker, routeBreaker, state.endpoints[0].breaker].compactMap(\.self)
  }

  var states: [CircuitBreaker.State] { breakers.map(\.state) }

  func figures() -> [CircuitBreaker.Figures] { breakers.map { $0.figures(now: network.time) } }

  func run(_ quiet: Duration = .seconds(1)) { mesh.run(quiet: quiet) }

  func metric(_ line: String) -> Double {
    for entry in mesh.metrics.split(separator: "\n") where entry.hasPrefix(line + " ") {
      return Double(entry.dropFirst(line.count + 1)) ?? 0
    }
    return 0
  }
}
