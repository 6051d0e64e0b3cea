import Resilience
import Upstreams

/// What came before the attempt that is under way, and what asked for that.
struct AttemptHistory {
  /// Attempts whose request was put on a connection.
  var sent: UInt32 = 0
  /// Attempts that were begun, those that could not connect included.
  var begun = 0
  /// Endpoints that a retry looks past.
  var tried = TriedEndpoints()
  /// What asked for the attempt that is under way, if it is one after the first.
  var reason: RetryReason?
  /// Why there was no further attempt.
  var refusal: RetryRefusal?
  /// Attempts of this request by a trusted proxy in front of us, as it counts them.
  var above = 1
  /// The next attempt is not to go out on a connection that was used before.
  var needsFresh = false
  /// The route's fallback has taken the place of its upstream.
  var usesFallback = false
}
