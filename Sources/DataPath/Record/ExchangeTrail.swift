import Primitives
import Resilience

/// What of an exchange's way is kept for `/explain` because it was not the plain one: attempts that
/// are over, waits, a fallback.
///
/// Untouched by a request whose only attempt is answered at once: `isUsed` is then the one thing
/// that is looked at. Cost: an allocation at the first attempt that ends badly, whose block goes
/// round between the exchanges and the ring of their worker.
struct ExchangeTrail {
  /// Later ones are counted; the last is always kept.
  static let attemptsMax = 4

  private(set) var isUsed = false
  var attempts: [AttemptTrace] = []
  /// Attempts between the first three and the last, of which nothing else is known.
  private(set) var skipped = 0
  private var waitingSince: Instant?
  /// For a connection, in nanoseconds.
  private(set) var waited: Int64 = 0
  private(set) var fallback: ExchangeTrace.Fallback?
  private(set) var isHedgeRefused = false

  mutating func add(_ attempt: AttemptTrace) {
    isUsed = true
    if attempts.count < Self.attemptsMax {
      if attempts.isEmpty { attempts.reserveCapacity(Self.attemptsMax) }
      attempts.append(attempt)
    } else {
      skipped += 1
      attempts[Self.attemptsMax - 1] = attempt
    }
  }

  /// The attempt that was added last is followed by another.
  mutating func retry(_ reason: RetryReason, after nanoseconds: Int64) {
    guard !attempts.isEmpty else { return }
    attempts[attempts.count - 1].retry = reason
    attempts[attempts.count - 1].backoff = nanoseconds
  }

  mutating func waits(since now: Instant) {
    if waitingSince == nil { waitingSince = now }
  }

  mutating func waitEnded(_ now: Instant) {
    guard let since = waitingSince else { return }
    waitingSince = nil
    waited += now.nanoseconds(since: since)
  }

  mutating func fell(_ fallback: ExchangeTrace.Fallback) {
    isUsed = true
    self.fallback = fallback
  }

  mutating func hedgeRefused() {
    isUsed = true
    isHedgeRefused = true
  }

  /// Ready for the next exchange; the block of attempts stays.
  mutating func reset() {
    isUsed = false
    attempts.removeAll(keepingCapacity: true)
    skipped = 0
    waitingSince = nil
    waited = 0
    fallback = nil
    isHedgeRefused = false
  }

  var hasWaited: Bool { waitingSince != nil || waited > 0 }
}
