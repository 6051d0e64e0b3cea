import Primitives

/// When things of an exchange happened, and until when others have to.
///
/// ```
/// request head ──── answer's head ──────── its last byte
///   headDeadline ┤   headDeadline ┤         totalDeadline ┤
///                  pendingDeadline, tryDeadline, hedgeAt, slowAt, resumeAt: within
/// ```
///
/// A deadline that is not set is the distant future. Which of them is next, `Exchange+Deadlines` knows.
struct ExchangeClocks {
  var startedAt = Instant(nanoseconds: 0)
  /// Until when the request's head has to be there, and from then on the answer's.
  var headDeadline = Instant.distantFuture
  var totalDeadline = Instant.distantFuture
  /// What the client still waits, as a trusted proxy told us.
  var clientDeadline = Instant.distantFuture
  var pendingDeadline = Instant.distantFuture
  /// When the attempt has taken too long, and another may be made.
  var tryDeadline = Instant.distantFuture
  /// When a delay or a back-off is over.
  var resumeAt = Instant.distantFuture
  /// When a second attempt goes out beside the first.
  var hedgeAt = Instant.distantFuture
  /// When a breaker has to hear that the call is slow.
  var slowAt = Instant.distantFuture
  /// When bytes moved last, in whichever direction.
  var lastProgress = Instant(nanoseconds: 0)
  /// The window in which the rate of the request's body is judged, and its bytes so far.
  var bodyWindowStart = Instant(nanoseconds: 0)
  var bodyWindowBytes: UInt64 = 0

  /// The head of an answer stands: no other attempt can take its place.
  mutating func headStands() {
    headDeadline = .distantFuture
    tryDeadline = .distantFuture
    hedgeAt = .distantFuture
  }

  /// An answer of ours is on its way: nothing is waited for but the client.
  mutating func replyBegins() {
    headStands()
    pendingDeadline = .distantFuture
    resumeAt = .distantFuture
  }
}
