import Resilience
import Upstreams

/// What the log and `/explain` tell of an exchange that nothing else needs to know at its end.
struct LogNotes {
  /// What was put in on purpose.
  var fault = Fault.none
  /// The answer's fields that the log shows, by `LoggedFields.response`.
  var answerFields: [[UInt8]?] = []
  /// Policies that would have refused it, had they not been in shadow.
  var shadows: ShadowPolicies {
    get { ShadowPolicies(rawValue: shadowBits) }
    set { shadowBits = newValue.rawValue }
  }
  /// Here, because asking a set of another module costs a call, and each request asks.
  private(set) var shadowBits: UInt8 = 0

  /// The place of the rule that denied it; nil: the default did. Means something only where it failed as
  /// `authorization_denied`, so that nobody need reset it.
  var denyingRule: Int?

  /// The answer before it is not the one that the log shows.
  mutating func attemptBegins() {
    if !answerFields.isEmpty { answerFields = [] }
  }

  /// Ready for the next request. Cost: three looks.
  mutating func reset() {
    fault = .none
    shadowBits = 0
    attemptBegins()
  }
}
