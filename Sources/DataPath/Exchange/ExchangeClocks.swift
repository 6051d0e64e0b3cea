import Primitives

/// When things of an exchange happened, and until when others have to.
///
/// ```
/// begin ──(request's head)──(attempt)──(answer's head)──(last byte)
///   headDeadline ┤                       headDeadline ┤   totalDeadline ┤
/// ```
///
/// Between them stand the waits: `pendingDeadline` for a connection, `tryDeadline` of an attempt,
/// `resumeAt` of what goes on by itself, and the looks at `hedgeAt` and `slowAt`. What is not set is the distant
/// future; which of them is next, `Exchange+Deadlines` knows.
struct ExchangeClocks {
  private(set) var startedAt = Instant(nanoseconds: 0)
  /// Until when the request's head has to be there, and from then on the answer's.
  private(set) var headDeadline = Instant.distantFuture
  private(set) var totalDeadline = Instant.distantFuture
  /// What the client still waits, as a trusted proxy told us.
  private(set) var clientDeadline = Instant.distantFuture
  private(set) var pendingDeadline = Instant.distantFuture
  /// When the attempt has taken too long, and another may be made.
  private(set) var tryDeadline = Instant.distantFuture
  /// When it goes on by itself: a delay or a back-off is over, the queue is to be looked at, or a fault's
  /// pace lets more of the answer through.
  private(set) var resumeAt = Instant.distantFuture
  /// When a second attempt goes out beside the first.
  private(set) var hedgeAt = Instant.distantFuture
  /// When a breaker has to hear that the call is slow.
  private(set) var slowAt = Instant.distantFuture
  /// When bytes moved last, in whichever direction.
  private(set) var lastProgress = Instant(nanoseconds: 0)
  /// The window in which the rate of the request's body is judged, and its bytes so far; 0: it has not
  /// begun.
  private(set) var bodyWindowStart = Instant(nanoseconds: 0)
  private(set) var bodyWindowBytes: UInt64 = 0

  mutating func begin(_ now: Instant, headBy deadline: Instant) {
    startedAt = now
    lastProgress = now
    headDeadline = deadline
  }

  mutating func moved(_ now: Instant) { lastProgress = now }

  // MARK: The request and its answer

  mutating func requestHeadCame() { headDeadline = .distantFuture }

  /// The answer's head is due then, or when the client stops waiting.
  mutating func answer(by deadline: Instant) { headDeadline = min(clientDeadline, deadline) }
  mutating func end(by deadline: Instant) { totalDeadline = min(totalDeadline, deadline) }
  mutating func clientWaits(until deadline: Instant) {
    clientDeadline = min(clientDeadline, deadline)
  }

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

  // MARK: Waits and attempts

  /// For a connection; who waits again does so no longer than it would have.
  mutating func wait(until deadline: Instant, looking look: Instant) {
    if pendingDeadline == .distantFuture { pendingDeadline = deadline }
    resumeAt = look
  }

  mutating func resume(at instant: Instant) { resumeAt = instant }

  /// The wait before an attempt was nobody's silence, and no time that the client had for its body.
  mutating func attemptBegins(_ now: Instant) {
    pendingDeadline = .distantFuture
    resumeAt = .distantFuture
    lastProgress = now
    bodyWindowStart = Instant(nanoseconds: 0)
    bodyWindowBytes = 0
  }

  mutating func tryUntil(_ deadline: Instant) { tryDeadline = deadline }
  mutating func attemptEnded() { tryDeadline = .distantFuture }
  mutating func hedge(at instant: Instant) { hedgeAt = instant }
  mutating func nobodyIsSlow() { slowAt = .distantFuture }
  mutating func lookForSlow(at instant: Instant) { slowAt = min(slowAt, instant) }

  // MARK: The rate of the body

  mutating func bodyCame(_ count: UInt64) { bodyWindowBytes += count }

  /// The first window begins now, unless one has.
  mutating func beginBodyWindow(_ now: Instant) {
    if bodyWindowStart.nanoseconds == 0 { bodyWindowStart = now }
  }

  /// The client has been told to go on.
  mutating func bodyMayCome(_ now: Instant) { bodyWindowStart = now }

  mutating func nextBodyWindow(_ now: Instant) {
    bodyWindowStart = now
    bodyWindowBytes = 0
  }
}
