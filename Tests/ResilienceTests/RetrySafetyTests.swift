import Primitives
import Resilience
import Testing

/// Design rule 6: nothing is sent twice that may have been acted on.
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
    #expect(!mayRetry(.malformedResponse, idempotent: true, written: 100))
  }
}
