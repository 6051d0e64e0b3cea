import DataPath
import Primitives
import Resilience
import Testing
import Upstreams
import WeirTesting

/// What becomes of a request when one of its two attempts fails while the other is still out.
struct HedgeSimulationTests {
  private static let warmCount = 20
  private static let id = "hedged"

  private static func answer(_ id: String, _ status: String = "200 OK") -> String {
    "HTTP/1.1 \(status)\r\nConnection: close\r\nx-endpoint: 1\r\n"
      + "Content-Length: \(id.utf8.count + 3)\r\n\r\n\(id) 0 "
  }

  /// Some requests that teach the upstream its latency; then one whose attempts go by `first`,
  /// `hedge`, and `further` where more are made.
  private func run(
    first: CheckedEndpoint.Conduct, hedge: CheckedEndpoint.Conduct?,
    further: CheckedEndpoint.Conduct? = nil, retry: RetryPolicy? = nil, connectionsMax: Int = 10
  ) throws -> (journal: Journal, attempts: Int, mesh: SimulatedMesh) {
    let addresses = (9001...9003).map { SocketAddress.ip(.loopback4, port: $0) }
    let upstream = UpstreamPlan(
      name: "service", endpoints: addresses.map { .init(address: $0) },
      state: UpstreamState(
        name: "service",
        limits: ResourceLimits(
          connectionsMax: connectionsMax, pendingMax: 10, requestsMax: 10),
        endpoints: addresses.map { EndpointState(identity: "\($0)", breaker: nil) }))
    var plan = MeshPlan(upstreams: [upstream])
    plan.policy = RoutePolicy(
      retry: retry, hedge: HedgePolicy(samplesMin: Self.warmCount, budgetMinimum: 10))
    let mesh = try SimulatedMesh(seed: 1, plan)
    let network = mesh.network
    let journal = Journal()
    var connections = 0
    network.answerConnect = { _ in
      let number = connections
      connections += 1
      let conduct: CheckedEndpoint.Conduct? =
        switch number {
        case ..<Self.warmCount: .answers(Self.answer("\(number)"))
        case Self.warmCount: first
        case Self.warmCount + 1: hedge
        default: further
        }
      return conduct.map { .peer(CheckedEndpoint(network, $0)) } ?? .refused
    }
    for number in 0...Self.warmCount {
      let id = number == Self.warmCount ? Self.id : "\(number)"
      let request = SimulatedClient.Request(
        id: id, method: "GET", body: [], answerBytes: 0, isChunked: false)
      network.after(.milliseconds(300 * number)) {
        network.connect(SimulatedClient(journal, network, [request], isFaulty: false))
      }
    }
    mesh.run(quiet: .seconds(100))
    #expect(journal.faults.isEmpty && mesh.held.isEmpty, "\(journal.faults) \(mesh.held)")
    return (journal, connections - Self.warmCount, mesh)
  }

  private static let late = CheckedEndpoint.Conduct.answersLate(
    answer(id), after: .milliseconds(700))

  @Test func answersWithTheFasterOne() throws {
    let (journal, attempts, _) = try run(first: .hangs, hedge: .answers(Self.answer(Self.id)))
    #expect(journal.lines.last == "answered \(Self.id)" && attempts == 2)
  }

  /// A hedge that breaks leaves the first attempt alone.
  @Test(arguments: [0, 1, 2])
  func outlivesABrokenHedge(number: Int) throws {
    let conducts: [CheckedEndpoint.Conduct?] = [.closes, .resets, nil]
    let (journal, attempts, mesh) = try run(first: Self.late, hedge: conducts[number])
    #expect(journal.lines.last == "answered \(Self.id)" && attempts == 2)
    #expect(mesh.metrics.contains("weir_hedges_total{upstream=\"service\",result=\"lost\"} 1"))
  }

  /// An answer that the route asks for again leaves the request to the hedge that is out: a third
  /// attempt would wait for a connection, and be served one when the hedge has long been answered.
  @Test(arguments: [2, 10])
  func leavesItToTheHedge(connectionsMax: Int) throws {
    let refusal = CheckedEndpoint.Conduct.answersLate(
      Self.answer("x", "503 "), after: .milliseconds(200))
    let (journal, attempts, _) = try run(
      first: refusal, hedge: Self.late, further: .hangs,
      retry: RetryPolicy(
        attempts: 3, conditions: [.serverError], backoff: Backoff(base: .nanoseconds(1))),
      connectionsMax: connectionsMax)
    #expect(journal.lines.last == "answered \(Self.id)" && attempts == 2)
  }
}
