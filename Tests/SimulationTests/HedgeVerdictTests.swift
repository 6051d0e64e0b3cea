import Primitives
import Resilience
import Testing
import Upstreams
import WeirTesting

/// Hedges: how many there are, and which of two answers the client gets.
struct HedgeVerdictTests {
  private static let warmCount = 40

  private func policy() -> CircuitBreakerPolicy {
    var policy = CircuitBreakerPolicy()
    policy.failureRate = nil
    policy.consecutiveFailures = nil
    policy.slowCall = .seconds(1000)
    return policy
  }

  private static func refusal(_ status: Int) -> String {
    "HTTP/1.1 \(status) No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno"
  }

  /// Requests that teach the upstream its latency, then one whose attempts go by `first` and
  /// `hedge`.
  private func ask(
    _ request: String = VerdictMesh.plainRequest, first: CheckedEndpoint.Conduct,
    hedge: CheckedEndpoint.Conduct
  ) throws -> (client: ImpatientClient, service: VerdictMesh) {
    let service = try VerdictMesh(
      policy(),
      hedge: HedgePolicy(samplesMin: Self.warmCount, budget: .all, budgetMinimum: 10))
    service.conduct = { _, request in
      switch request {
      case ..<Self.warmCount: .answers(VerdictMesh.good)
      case Self.warmCount: first
      default: hedge
      }
    }
    for number in 0..<Self.warmCount { service.ask(after: .milliseconds(100 * number)) }
    let client = service.ask(after: .milliseconds(100 * Self.warmCount), request)
    service.run(.seconds(100))
    #expect(service.asked == Self.warmCount + 2)
    #expect(service.mesh.held.isEmpty, "\(service.mesh.held)")
    return (client, service)
  }

  private static func late(_ text: String, _ milliseconds: Int) -> CheckedEndpoint.Conduct {
    .answersLate(text, after: .milliseconds(milliseconds))
  }

  /// Without a retry: the hedge is out already.
  @Test(arguments: [500, 503, 429]) func aBadAnswerWaitsForTheHedge(status: Int) throws {
    let (client, _) = try ask(
      first: Self.late(Self.refusal(status), 200), hedge: Self.late(VerdictMesh.good, 700))
    #expect(client.status == 200)
  }

  /// What the service does for nobody is no better elsewhere.
  @Test(arguments: [501, 505, 404]) func anAnswerThatIsNoFailureDoesNot(status: Int) throws {
    let (client, _) = try ask(
      first: Self.late(Self.refusal(status), 200), hedge: Self.late(VerdictMesh.good, 700))
    #expect(client.status == status)
  }

  @Test(arguments: [0, 1, 2]) func itIsGivenWhenTheHedgeIsNoBetter(number: Int) throws {
    let hedges: [CheckedEndpoint.Conduct] = [
      .breaksOff("", after: .milliseconds(700), isReset: true),
      Self.late(Self.refusal(500), 700), .hangs,
    ]
    let (client, service) = try ask(
      first: Self.late(Self.refusal(503), 200), hedge: hedges[number])
    #expect(client.status == 503 && client.answer.hasSuffix("no"), "\(client.answer)")
    #expect(service.metric("weir_hedges_total{upstream=\"service\",result=\"lost\"}") == 1)
  }

  /// The first attempt's endpoint ends its connection while its answer waits.
  @Test func itMayBeAllThatIsLeftOfItsConnection() throws {
    let (client, _) = try ask(
      first: .breaksOff(
        Self.refusal(503), begins: .milliseconds(200), after: .milliseconds(200), isReset: false),
      hedge: .hangs)
    #expect(client.status == 503)
  }

  /// An answer that breaks off while the client has none of it leaves the request to the hedge.
  @Test func aMalformedAnswerLeavesItToTheHedge() throws {
    let (client, _) = try ask(
      first: Self.late("HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\nZZZ", 200),
      hedge: Self.late(VerdictMesh.good, 700))
    #expect(client.status == 200)
  }

  /// A head that needs a large block at the first attempt needs one at the hedge.
  @Test func largeHeadsAreHedged() throws {
    let fields = (0..<5).map { "x-field-\($0): \(String(repeating: "v", count: 6000))\r\n" }
    let (client, service) = try ask(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(fields.joined())\r\n", first: .hangs,
      hedge: .answers(VerdictMesh.good))
    #expect(client.status == 200)
    #expect(service.metric("weir_hedges_total{upstream=\"service\",result=\"won\"}") == 1)
  }

  /// With room in the budget as many are hedged as the percentile leaves above it. It would be
  /// twice as many if only winners were learned: what is slow would never be seen.
  @Test(arguments: [95, 80]) func asManyAreHedgedAsThePercentileSays(percentile: Int) throws {
    let count = 6000
    let share = Share.percent(percentile)
    let service = try VerdictMesh(
      policy(), endpoints: 3,
      hedge: HedgePolicy(percentile: share, samplesMin: 100, budget: .all, budgetMinimum: 1000),
      hedgePercentile: share)
    var random = RandomSource(seed: 5)
    service.conduct = { _, _ in
      // From 20 ms to 2 s, long-tailed.
      let draw = Double(random.below(1_000_000) + 1) / 1_000_000
      return .answersLate(
        VerdictMesh.good, after: .microseconds(Int(20_000 * min(1 / draw.squareRoot(), 100))))
    }
    for number in 0..<count { service.ask(after: .milliseconds(10 * number)) }
    service.run(.seconds(10))
    let hedges = ["won", "lost", "refused"].map {
      service.metric("weir_hedges_total{upstream=\"service\",result=\"\($0)\"}")
    }
    let hedged = (hedges[0] + hedges[1]) / Double(count)
    let wanted = 1 - share.fraction
    #expect(hedged > wanted * 0.75 && hedged < wanted * 1.25, "\(hedged) of \(hedges)")
  }
}
