import DataPath
import Primitives
import Resilience
import Testing
import Upstreams

@testable import ControlPlane

/// What `/explain` says, to the letter.
struct ExplainTextTests {
  private static let ms: Int64 = 1_000_000

  private func trace() -> ExchangeTrace {
    var trace = ExchangeTrace()
    trace.beganAt = 1_700_000_000_123_000_000
    trace.requestID = "0f3a"
    trace.method = "GET"
    trace.target = "/fhir/Patient/1"
    trace.listener = "ingress"
    trace.route = "fhir"
    trace.upstream = "prescriptions"
    trace.status = 503
    trace.admittedAt = 0
    trace.deadline = 15_000 * Self.ms
    trace.duration = 2_100_000
    trace.ending = .replied
    return trace
  }

  @Test func tellsOfARefusal() {
    var trace = trace()
    trace.failure = .circuitOpen
    trace.detail = "upstream"
    trace.retryAfterSeconds = 5
    #expect(
      ExplainText.text(trace) == """
        2023-11-14T22:13:20.123Z request 0f3a GET /fhir/Patient/1 via ingress/fhir → prescriptions: \
        503 circuit_open (upstream) after 2.1 ms
          not admitted (deadline 15 s, priority normal)
          Weir answered it by itself at +2.1 ms, to come again after 5 s; 14.9 s of its time were left

        """)
  }

  @Test func tellsOfRetries() {
    var trace = trace()
    trace.status = 200
    trace.ending = .answered
    trace.headAt = 19_500_000
    trace.duration = 20 * Self.ms
    trace.responseBytes = 42
    trace.waited = 3 * Self.ms
    trace.upstreamBreaker = .probe
    trace.attempts = [
      AttemptTrace(
        endpoint: "10.0.0.7:3001", pick: Pick(index: 0, reason: .leastOfTwo), breaker: .passed,
        askedAt: 100_000, sentAt: 100_000, headAt: 1_300_000, endedAt: 1_300_000,
        connectionAge: 12_000 * Self.ms, requestNumber: 41, ending: .answered(status: 502),
        retry: .status, backoff: 17 * Self.ms),
      AttemptTrace(
        endpoint: "10.0.0.8:3001",
        pick: Pick(index: 1, reason: .onlyOne, zone: .spill, isPanic: true, isElsewhere: true),
        breaker: .probe, askedAt: 18_300_000, sentAt: 18_500_000, headAt: 19_500_000,
        endedAt: 19_500_000, requestNumber: 1, ending: .answered(status: 200)),
    ]
    #expect(
      ExplainText.text(trace) == """
        2023-11-14T22:13:20.123Z request 0f3a GET /fhir/Patient/1 via ingress/fhir → prescriptions: 200 after 20 ms
          admitted at +0 ms (deadline 15 s, priority normal)
          the circuit breaker of prescriptions was half-open: this was one of its probes
          waited 3 ms for a connection
          attempt 1 at +0.1 ms: 10.0.0.7:3001, picked because it was the less loaded of two; \
        kept connection, 12 s old, request 41 on it; 502 after 1.2 ms
          retried after 17 ms of back-off because of status 502
          attempt 2 at +18.3 ms: 10.0.0.8:3001, picked because there was no other, \
        past one that had been tried, in another zone as ours has too few, \
        in panic: too few were healthy to look at health; a probe of its half-open circuit breaker; \
        new connection after 0.2 ms; 200 after 1.2 ms
          the endpoint's answer was passed on: its head at +19.5 ms, its end at +20 ms, 42 bytes

        """)
  }

  @Test func tellsWhoClosed() {
    var trace = trace()
    trace.status = 502
    trace.failure = .upstreamReset
    trace.fault = Fault(delayNanoseconds: 100 * Self.ms)
    trace.isDeadlineGiven = true
    trace.attemptsSkipped = 2
    trace.retryRefusal = .attemptsSpent
    trace.hedgeAbsence = .refused
    let failed = AttemptTrace(
      endpoint: "10.0.0.7:3001", pick: Pick(index: 0, reason: .turn), askedAt: 0, sentAt: 0,
      endedAt: 1_500_000, ending: .failed(.upstreamReset))
    var hedge = failed
    hedge.isHedge = true
    hedge.ending = .abandoned
    hedge.sentAt = nil
    trace.attempts = [failed, hedge, failed, failed]
    let line =
      "10.0.0.7:3001, picked because its turn had come; new connection after 0 ms; "
      + "upstream_reset (the endpoint reset the connection) after 1.5 ms"
    #expect(
      ExplainText.text(trace) == """
        2023-11-14T22:13:20.123Z request 0f3a GET /fhir/Patient/1 via ingress/fhir → prescriptions: \
        502 upstream_reset after 2.1 ms
          held back 100 ms on purpose (fault)
          admitted at +0 ms (deadline 15 s given by the caller, priority normal)
          attempt 1 at +0 ms: \(line)
          hedge, beside a slow attempt, at +0 ms: 10.0.0.7:3001, \
        picked because its turn had come; given up after 1.5 ms
          attempt 3 at +0 ms: \(line)
          2 more attempts, of which nothing is kept
          attempt 6 at +0 ms: \(line)
          no second attempt beside it: the hedge budget was spent, or no other endpoint was free
          not tried again: the route's attempts were used up (attempts_spent)
          Weir answered it by itself at +2.1 ms; 14.9 s of its time were left

        """)
  }

  @Test func tellsOfAFallbackAndOfAClientThatLeft() {
    var trace = trace()
    trace.status = 499
    trace.failure = .downstreamClosed
    trace.ending = .cut
    trace.deadline = nil
    trace.fallback = ExchangeTrace.Fallback(
      from: "prescriptions", failure: .circuitOpen, at: 100_000, isAnswer: false)
    trace.upstream = "spare"
    #expect(
      ExplainText.text(trace) == """
        2023-11-14T22:13:20.123Z request 0f3a GET /fhir/Patient/1 via ingress/fhir → spare: \
        499 downstream_closed after 2.1 ms
          prescriptions could not take it (circuit_open): the route's fallback is asked, \
        from +0.1 ms on
          admitted at +0 ms (no deadline, priority normal)
          the client left, or took no more, at +2.1 ms

        """)
  }

  @Test func listsWhatThereIs() {
    var other = trace()
    other.requestID = "1"
    other.failure = .connectRefused
    #expect(
      ExplainText.list([trace(), other]) == """
        2023-11-14T22:13:20.123Z  0f3a  503  2.1 ms  GET /fhir/Patient/1  the service answered 503
        2023-11-14T22:13:20.123Z  1     503  2.1 ms  GET /fhir/Patient/1  connect_refused

        """)
    #expect(
      ExplainText.list([])
        == "nothing is kept: no such request failed, was tried again or was slow\n")
  }

  /// Each of the reasons for which a request is kept.
  @Test func saysWhyItIsKept() {
    var trace = trace()
    #expect(ExplainWords.why(trace) == "the service answered 503")
    trace.status = 200
    #expect(ExplainWords.why(trace) == "slow")
    var attempt = AttemptTrace(
      endpoint: "e", pick: Pick(index: 0, reason: .turn), isHedge: true, askedAt: 0, endedAt: 1,
      ending: .abandoned)
    trace.attempts = [attempt]
    #expect(ExplainWords.why(trace) == "hedged")
    attempt.isHedge = false
    attempt.ending = .failed(.connectRefused)
    attempt.retry = .failure(.connectRefused)
    trace.attempts.append(attempt)
    #expect(ExplainWords.why(trace) == "retried after connect_refused")
    trace.failure = .requestTimeout
    #expect(ExplainWords.why(trace) == "request_timeout, retried after connect_refused")
    trace.fallback = ExchangeTrace.Fallback(
      from: "prescriptions", failure: .circuitOpen, at: 0, isAnswer: true)
    #expect(
      ExplainWords.why(trace) == "fallback, as prescriptions could not take it (circuit_open)")
  }

  /// A cut answer says how much of it there was.
  @Test func saysHowMuchOfAnAnswerCame() {
    var trace = trace()
    trace.failure = .responseIncomplete
    trace.ending = .cut
    trace.headAt = 1_000_000
    trace.responseBytes = 1000
    let end = "Weir cut the client's connection at +2.1 ms, after 1000 of "
    #expect(ExplainText.text(trace).contains(end + "an unknown number of bytes of the answer"))
    trace.responseLength = 4096
    #expect(ExplainText.text(trace).contains(end + "4096 bytes of the answer"))
  }

  @Test func aFilterTakesWhatItNames() {
    var trace = trace()
    trace.duration = 1_000
    let end = trace.beganAt + trace.duration
    func takes(_ filter: ExplainFilter) -> Bool { filter.takes(trace, at: end + 60) }
    #expect(takes(ExplainFilter()))
    #expect(takes(ExplainFilter(sinceNanoseconds: 60)))
    #expect(!takes(ExplainFilter(sinceNanoseconds: 59)))
    #expect(takes(ExplainFilter(statuses: 500...599)) && !takes(ExplainFilter(statuses: 504...504)))
    #expect(takes(ExplainFilter(route: "fhir")) && takes(ExplainFilter(route: "ingress/fhir")))
    #expect(!takes(ExplainFilter(route: "other")))
    trace.route = nil
    #expect(!takes(ExplainFilter(route: "fhir")))
  }

  @Test func newsAreShownOnceAndInOrder() {
    var news = ExplainNews()
    #expect(news.lines(in: ExplainText.nothing + "\n") == [])
    #expect(news.lines(in: "b\na\n") == ["a", "b"])
    #expect(news.lines(in: "c\nb\na\n") == ["c"])
    #expect(news.lines(in: "d\nc\n") == ["d"])
  }

  @Test(
    arguments: [
      ("127.0.0.1:9901", "127.0.0.1:9901"), ("[::1]:9901", "[::1]:9901"),
      ("unix:/run/weir.sock", "unix:/run/weir.sock"), ("localhost:1", "127.0.0.1:1"),
      ("http://localhost:1/metrics", "127.0.0.1:1"), ("http://127.0.0.1:2", "127.0.0.1:2"),
    ]) func anAdminAddressIsReadInEachForm(text: String, address: String) throws
  {
    let found = try AdminAddress.resolve(text) { host, port in
      host == "localhost" ? SocketAddress("127.0.0.1:\(port)").map { [$0] } : nil
    }
    #expect("\(found)" == address)
  }

  @Test(arguments: [
    "", "nowhere", "localhost", "http://localhost", "https://a:1", "host:99999", "b:1",
  ])
  func anAdminAddressThatIsNoneIsRefused(text: String) {
    #expect(throws: AdminAddress.Fault.self) { try AdminAddress.resolve(text) { _, _ in nil } }
  }

  @Test(
    arguments: [
      (-1, "0 ms"), (9_999, "0 ms"), (10_000, "0.01 ms"), (430_000, "0.43 ms"),
      (9_999_999, "9.99 ms"), (10_000_000, "10 ms"), (17_350_000, "17.3 ms"),
      (999_999_999, "999 ms"), (1_000_000_000, "1 s"), (1_050_000_000, "1.05 s"),
      (1_500_000_000, "1.5 s"), (14_850_000_000, "14.8 s"), (60_000_000_000, "1 min"),
      (119_999_999_999, "1 min 59 s"), (7_200_000_000_000, "2 h"), (7_500_000_000_000, "2 h 5 min"),
    ] as [(Int64, String)]) func saysTimes(nanoseconds: Int64, text: String)
  {
    #expect(SpokenTime.text(nanoseconds) == text)
  }

  /// Every name that logs use has its words.
  @Test func wordsAreApart() {
    let refusals = RetryRefusal.allCases.map(ExplainWords.refusal)
    #expect(Set(refusals).count == refusals.count)
    let absences = HedgeAbsence.allCases.map(ExplainWords.hedge)
    #expect(Set(absences).count == absences.count)
    let reasons = Pick.Reason.allCases.map { ExplainWords.reason(Pick(index: 0, reason: $0)) }
    #expect(Set(reasons).count == reasons.count)
    // All that an attempt can fail as say who ended it.
    for kind in FailureKind.allCases where kind.row.side == .upstream {
      #expect(ExplainWords.closing(kind) != nil, "\(kind.name)")
    }
  }
}
