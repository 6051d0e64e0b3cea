import Primitives
import Resilience

/// What a reply of ours says beside its failure's name.
struct ReplyDetails {
  var detail: StaticString = ""
  /// In place of the failure's, for an abort on purpose; 0: the failure's.
  var status: UInt16 = 0
  var retryAfterSeconds = 1
  /// What the rate limit said that refused it.
  var rateVerdict: RateLimitVerdict?
  var ratePolicy: RateLimitPolicy?
}
