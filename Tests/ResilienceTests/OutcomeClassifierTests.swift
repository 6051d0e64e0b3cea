import Primitives
import Resilience
import Testing

/// What speaks against a service's health.
struct OutcomeClassifierTests {
  private let classifier = OutcomeClassifier()

  /// RFC 9110 §15.6: 501 and 505 say what a service does for nobody.
  @Test func everyServerErrorButTheTwoThatSayNothingOfHealth() {
    for status: UInt16 in 100...599 {
      let expected: Outcome =
        switch status {
        case 429: .ignored
        case 501, 505: .success
        case 500...599: .failure
        default: .success
        }
      #expect(classifier.outcome(status: status) == expected, "\(status)")
    }
  }

  @Test func whatIsLocalIsIgnoredButForTime() {
    for kind in FailureKind.allCases {
      let isFailure =
        kind.row.side == .upstream || kind == .requestTimeout || kind == .totalTimeout
      #expect(classifier.outcome(kind) == (isFailure ? .failure : .ignored), "\(kind)")
    }
  }
}
