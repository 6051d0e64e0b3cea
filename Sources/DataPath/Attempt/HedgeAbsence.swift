/// Why a request of a route that hedges had no second attempt beside the first.
package enum HedgeAbsence: String, Sendable, CaseIterable {
  /// The hedge budget was spent, or no other endpoint was free.
  case refused
  /// Only what is idempotent by its method is sent twice (RFC 9110 §9.2.2).
  case notIdempotent = "not_idempotent"
  /// A body goes to one endpoint only.
  case hasBody = "has_body"
  /// A connection that changes its protocol is no request that could be repeated.
  case upgrade
  /// Too few answers are known for a percentile.
  case tooFewSamples = "too_few_samples"
  /// The first attempt ended before its time had come.
  case endedBefore = "ended_before"
}
