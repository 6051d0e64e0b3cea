import Resilience
import Upstreams

/// What came before the attempt that is under way, and what asked for that.
///
/// Invariant: `reason` is there from the decision for a retry until its attempt has ended. A hedge counts
/// in `sent` when it goes out, and in `begun` only if it takes over.
struct AttemptHistory {
  /// Attempts whose request was put on a connection.
  private(set) var sent: UInt32 = 0
  /// Attempts that were begun, those that could not connect included.
  private(set) var begun = 0
  /// Endpoints that a retry looks past.
  private(set) var tried = TriedEndpoints()
  /// What asked for the attempt that is under way, if it is one after the first.
  private var reason: RetryReason?
  /// Why there was no further attempt.
  private(set) var refusal: RetryRefusal?
  /// Attempts of this request by a trusted proxy in front of us, as it counts them.
  var above = 1
  /// The next attempt is not to go out on a connection that was used before.
  private(set) var needsFresh = false
  /// The route's fallback has taken the place of its upstream.
  private(set) var usesFallback = false

  mutating func attemptBegins() { begun += 1 }
  mutating func requestSent() { sent += 1 }

  mutating func retry(because cause: RetryReason, lookingPast endpoint: UInt64?) {
    reason = cause
    if let endpoint { tried.insert(endpoint) }
  }

  /// A kept connection was closed as the request went out on it.
  mutating func retryOnFreshConnection() {
    reason = .staleConnection
    needsFresh = true
  }

  mutating func refuse(_ cause: RetryRefusal) { refusal = cause }

  /// The attempt is over: what had asked for it, once.
  mutating func takeReason() -> RetryReason? {
    guard let taken = reason else { return nil }
    reason = nil
    return taken
  }

  /// Another upstream, or a fixed answer, takes over; its endpoints were not tried.
  mutating func fallBack() {
    usesFallback = true
    reason = nil
    tried = TriedEndpoints()
  }
}
