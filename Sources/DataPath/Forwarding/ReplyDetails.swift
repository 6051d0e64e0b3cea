import Primitives
import Resilience

/// What a reply of ours says beside its failure's name.
struct ReplyDetails {
  private(set) var detail: StaticString = ""
  /// In place of the failure's, for an abort on purpose; 0: the failure's.
  private(set) var status: UInt16 = 0
  private(set) var retryAfterSeconds = 1
  /// What the rate limit said that refused it.
  private(set) var rateVerdict: RateLimitVerdict?
  private(set) var ratePolicy: RateLimitPolicy?

  mutating func explain(_ detail: StaticString) { self.detail = detail }

  /// The status in place of the failure's.
  mutating func answer(_ status: UInt16) { self.status = status }

  /// A breaker refuses, for at least so long.
  mutating func refuse(_ detail: StaticString, forNanoseconds nanoseconds: Int64) {
    self.detail = detail
    retryAfterSeconds = Int((max(nanoseconds, 1) + 999_999_999) / 1_000_000_000)
  }

  /// A rate limit refuses.
  mutating func limit(_ verdict: RateLimitVerdict, _ policy: RateLimitPolicy) {
    rateVerdict = verdict
    ratePolicy = policy
    retryAfterSeconds = max(verdict.retryAfterSeconds, 1)
  }
}
