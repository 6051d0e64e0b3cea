import Primitives
import Resilience
import Testing

/// Rule 6 of ARCHITECTURE.md: nothing is sent twice that may have been acted on.
struct RetrySafetyTests {
  private func mayRetry(
    _ failure: FailureKind, idempotent: Bool, written: UInt64, begun: Bool = false
  ) -> Bool {
    RetrySafety.maySendAgain(
      RetrySafety.Evidence(
        failure: failure, isIdempotent: idempotent, bytesWritten: written,
        responseHasBegun: begun))
  }

  @Test(arguments: FailureKind.allCases)
  func neverAfterAnAnswerBegan(failure: FailureKind) {
    #expect(!mayRetry(failure, idempotent: true, written: 0, begun: true))
  }

  @Test func aClosedConnectionProvesNothingForAPost() {
    #expect(!mayRetry(.upstreamClosed, idempotent: false, written: 100))
    #expect(!mayRetry(.upstreamReset, idempotent: false, written: 100))
    #expect(mayRetry(.upstreamReset, idempotent: false, written: 0))
    #expect(mayRetry(.upstreamClosed, idempotent: true, written: 100))
    #expect(mayRetry(.connectRefused, idempotent: false, written: 0))
    #expect(!mayRetry(.responseHeadTooLarge, idempotent: true, written: 100))
  }

  /// What broke off proves nothing; as long as the client has none of it, it may be asked for again.
  @Test(arguments: [FailureKind.malformedResponse, .responseIncomplete])
  func answersThatBrokeOff(failure: FailureKind) {
    #expect(mayRetry(failure, idempotent: true, written: 100))
    #expect(!mayRetry(failure, idempotent: false, written: 100))
    #expect(!mayRetry(failure, idempotent: true, written: 100, begun: true))
  }
}
