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
        request 0f3a GET /fhir/Patient/1 via ingress/fhir → prescriptions: \
        503 circuit_open (upstream) after 2.1 ms
          not admitted (deadline 15 s, priority normal)
          Weir answered it by itself at +2.1 ms, to come again after 5 s; 14 s of its time were left

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
        request 0f3a GET /fhir/Patient/1 via ingress/fhir → prescriptions: 200 after 20 ms
          admitted at +0.0 ms (deadline 15 s, priority normal)
          the circuit breaker of prescriptions was half-open: this was one of its probes
          waited 3.0 ms for a connection
          attempt 1 at +0.1 ms: 10.0.0.7:3001, picked because it was the less loaded of two; \
        kept connection, 12 s old, request 41 on it; 502 after 1.2 ms
          retried after 17 ms of back-off because of status 502
          attempt 2 at +18 ms: 10.0.0.8:3001, picked because there was no other, \
        past one that had been tried, in another zone as ours has too few, \
        in panic: too few were healthy to look at health; a probe of its half-open circuit breaker; \
        new connection after 0.2 ms; 200 after 1.2 ms
          the endpoint's answer was passed on: its head at +19 ms, its end at +20 ms, 42 bytes

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
    trace.isHedgeRefused = true
    let failed = AttemptTrace(
      endpoint: "10.0.0.7:3001", pick: Pick(index: 0, reason: .turn), askedAt: 0, sentAt: 0,
      endedAt: 1_500_000, ending: .failed(.upstreamReset))
    var hedge = failed
    hedge.isHedge = true
    hedge.ending = .abandoned
    hedge.sentAt = nil
    trace.attempts = [failed, hedge, failed, failed]
    let line =
      "10.0.0.7:3001, picked because its turn had come; new connection after 0.0 ms; "
      + "upstream_reset (the endpoint reset the connection) after 1.5 ms"
    #expect(
      ExplainText.text(trace) == """
        request 0f3a GET /fhir/Patient/1 via ingress/fhir → prescriptions: \
        502 upstream_reset after 2.1 ms
          held back 100 ms on purpose (fault)
          admitted at +0.0 ms (deadline 15 s given by the caller, priority normal)
          attempt 1 at +0.0 ms: \(line)
          hedge, beside a slow attempt, at +0.0 ms: 10.0.0.7:3001, \
        picked because its turn had come; given up after 1.5 ms
          attempt 3 at +0.0 ms: \(line)
          2 more attempts, of which nothing is kept
          attempt 6 at +0.0 ms: \(line)
          no second attempt beside it: the hedge budget was spent, or no endpoint free
          not tried again: the route's attempts were used up (attempts_spent)
          Weir answered it by itself at +2.1 ms; 14 s of its time were left

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
        request 0f3a GET /fhir/Patient/1 via ingress/fhir → spare: \
        499 downstream_closed after 2.1 ms
          prescriptions could not take it (circuit_open): the route's fallback is asked, \
        from +0.1 ms on
          admitted at +0.0 ms (no deadline, priority normal)
          the client left, or took no more, at +2.1 ms

        """)
  }

  @Test func listsWhatThereIs() {
    var other = trace()
    other.requestID = "1"
    other.failure = .connectRefused
    #expect(
      ExplainText.list([trace(), other]) == """
        0f3a  503  -  2.1 ms  GET /fhir/Patient/1
        1     503  connect_refused  2.1 ms  GET /fhir/Patient/1

        """)
    #expect(ExplainText.list([]) == "nothing has failed, been tried again or been slow\n")
  }

  @Test(
    arguments: [
      (-1, "0.0 ms"), (49_999, "0.0 ms"), (100_000, "0.1 ms"), (9_999_999, "9.9 ms"),
      (10_000_000, "10 ms"), (999_999_999, "999 ms"), (1_000_000_000, "1 s"),
      (1_500_000_000, "1.5 s"), (9_999_999_999, "9.9 s"), (10_500_000_000, "10 s"),
      (119_999_999_999, "119 s"), (120_000_000_000, "2 min"), (7_200_000_000_000, "2 h"),
    ] as [(Int64, String)]) func saysTimes(nanoseconds: Int64, text: String)
  {
    #expect(SpokenTime.text(nanoseconds) == text)
  }

  /// Every name that logs use has its words.
  @Test func wordsAreApart() {
    let refusals = RetryRefusal.allCases.map(ExplainWords.refusal)
    #expect(Set(refusals).count == refusals.count)
    let reasons = Pick.Reason.allCases.map { ExplainWords.reason(Pick(index: 0, reason: $0)) }
    #expect(Set(reasons).count == reasons.count)
    // All that an attempt can fail as say who ended it.
    for kind in FailureKind.allCases where kind.row.side == .upstream {
      #expect(ExplainWords.closing(kind) != nil, "\(kind.name)")
    }
  }
}
